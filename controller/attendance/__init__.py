"""Lessons and attendance: stored, as sheets, corrected and printed by the office."""
