"""Printed cards for pupils and doors."""
