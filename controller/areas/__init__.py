"""Areas, which schools belong to them, and what merged into what."""
