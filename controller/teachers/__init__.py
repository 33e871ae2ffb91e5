"""The teachers, by whom a roll may have to be confirmed: their PINs, and whether rooms ask."""
