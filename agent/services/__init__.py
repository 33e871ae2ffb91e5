"""What the agent runs: the lists of sources, doors and routines, and what keeps them running."""
