"""How a phone comes to trust the screens: the school's certificate, and what to press."""
