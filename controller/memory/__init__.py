"""What the controller remembers, and how it stays well."""
