"""What the room's equipment is: what was said of it, grouped into devices, and how they fare."""
