"""Updates of the agent itself: fetched from the school's server, tried, kept or gone back from."""
