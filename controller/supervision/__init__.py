"""Whether the controller does its work: what is said is stored and comes back."""
