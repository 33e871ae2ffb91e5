"""What devices say by HTTP: asked in one place, with every way of logging in."""
