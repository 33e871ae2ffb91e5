"""Messages that could not be taken: kept raw, counted, tried again or let go by a person."""
