"""Cameras: how their picture is. Only child.py and what it alone imports loads OpenCV."""
