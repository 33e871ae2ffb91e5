"""The teacher's door to the agent, on this computer only."""
