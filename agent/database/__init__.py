"""What the room remembers on its own disk, and how it is mended."""
