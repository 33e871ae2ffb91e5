"""Cards before the room's camera. Only child.py and what it alone imports loads OpenCV."""
