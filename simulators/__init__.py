"""Classrooms without hardware, which talk as real ones do."""
