"""What there is: the inventory."""
