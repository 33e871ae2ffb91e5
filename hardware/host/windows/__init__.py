"""What this machine is and how it does, asked of Windows; imported there alone."""
