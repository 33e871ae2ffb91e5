"""This package keeps what things measured, small, and says what of it will fail next."""
