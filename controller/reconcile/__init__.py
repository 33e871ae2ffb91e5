"""The book against what was seen: each line's standing, and the figure that the plan asks for."""
