"""This machine itself: what it is, how it fares, and its line to the world."""
