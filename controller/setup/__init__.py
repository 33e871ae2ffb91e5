"""The first start in the browser: one question a screen, until the first room has joined."""
