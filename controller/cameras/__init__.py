"""Rooms' cameras: how they are switched, what they are used for; the school may switch them off."""
