"""Windows' own list of devices; imported there alone."""
