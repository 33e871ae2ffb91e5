"""The teacher's window and tray icon: a thin client of the agent, which holds the lesson."""
