"""The inventory, pulled from another controller into a copy."""
