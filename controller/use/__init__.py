"""How many hours boards are used."""
