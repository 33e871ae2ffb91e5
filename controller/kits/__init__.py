"""This package keeps what each room should have, as the school has chosen."""
