"""The teacher's icon: state, next deed, and the way to the agent's page, which is the screen."""
