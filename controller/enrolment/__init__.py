"""Who may join: codes that enrol a room's computer, and the computers that have joined."""
