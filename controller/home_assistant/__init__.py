"""Home Assistant: rooms and devices as it finds them by itself, on topics that are only read."""
