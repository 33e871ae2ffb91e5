"""This package lets pupils check in on the room's tablets; what it hears are suggestions."""
