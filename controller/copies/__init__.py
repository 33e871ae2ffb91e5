"""Copies of all that a school needs to go on with: encrypted, often, in a second place."""
