"""What the wire and the disk need done otherwise on Windows; imported there alone."""
