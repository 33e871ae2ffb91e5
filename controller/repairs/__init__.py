"""Faults and repairs: reported, opened, under repair, done."""
