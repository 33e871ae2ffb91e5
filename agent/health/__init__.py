"""How this computer and its line to the school fare."""
