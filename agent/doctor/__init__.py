"""What ails the agent, in plain words; what may be sent on."""
