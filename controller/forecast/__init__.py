"""What must be replaced when, and what it will cost."""
