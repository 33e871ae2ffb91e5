"""A pupil's own data: found, handed out and erased, with proof from every computer."""
