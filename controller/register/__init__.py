"""The school's equipment book: read, compared with what was seen, and counted."""
