"""Who asks here: people and programs, and what they may."""
