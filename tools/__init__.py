"""What keeps the repository: run from its root, no part of the programs."""
