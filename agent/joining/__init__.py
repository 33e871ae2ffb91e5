"""How a room's computer joins its school by its own page: asked by a person, done by a child."""
