"""One search over rooms, devices, the book and classes; lists and pages of single things."""
