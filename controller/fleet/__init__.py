"""Agents and devices: what the classrooms' agents say, and what follows from it."""
