"""Cards that the cameras read: whose they are, and how a scan runs."""
