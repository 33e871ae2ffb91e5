"""What this computer vouches for: it signs the head of its attendance log."""
