"""What the agent does otherwise on Windows; imported there alone."""
