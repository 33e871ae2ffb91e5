"""The broker that the classrooms speak to: embedded, announced, with one password an agent."""
