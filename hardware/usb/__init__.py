"""What is plugged into this machine, as udev tells it."""
