"""Copies of other schools' data, which their controllers leave here, encrypted."""
