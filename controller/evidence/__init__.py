"""This package holds attendance against what proves it: its chains, its totals, its erasures."""
