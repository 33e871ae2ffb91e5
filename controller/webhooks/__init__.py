"""Changes of the inventory, sent to where the administrator said."""
