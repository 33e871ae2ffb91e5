"""What announces itself in the room's network by mDNS: devices, and fixed agents."""
