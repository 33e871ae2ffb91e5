"""Gateways and neighbours, asked of Windows; imported there alone."""
