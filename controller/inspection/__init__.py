"""Inspections from the desk: a department draws a sample, schools show it, minutes say how."""
