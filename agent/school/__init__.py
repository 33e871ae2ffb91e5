"""The school that the agent speaks with: where its controller is, and what is said."""
