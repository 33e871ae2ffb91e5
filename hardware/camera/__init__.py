"""What a camera sees, judged in a process of its own; only numbers leave it."""
