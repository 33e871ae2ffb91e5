"""The present as those who look at it see it: rooms, kept up by what is stored, and a live line."""
