"""The first screen: rooms at a glance, live, and one room."""
