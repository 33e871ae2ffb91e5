"""Papers on pupils' data and on safety, filled with the school's own settings."""
