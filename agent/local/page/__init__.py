"""This package is the teacher's page as the agent serves it: its files, and their addresses."""
