"""The inventory, written for others."""
