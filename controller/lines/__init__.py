"""How well schools' lines to their department do."""
