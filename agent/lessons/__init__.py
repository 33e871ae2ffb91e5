"""A lesson: timetable, roll, and what the teacher does with them; pure."""
