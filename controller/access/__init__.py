"""Who may look: the office's password, sessions, and the log of who looked at pupils' marks."""
