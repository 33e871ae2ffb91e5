"""Report packs: the twelve reports of a month, a half-year or a year, as they stood on a day."""
