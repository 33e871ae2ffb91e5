"""Incidents: what is wrong by its cause, quiet when nobody is there, with a life and a history."""
