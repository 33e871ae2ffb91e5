"""One controller as several processes on one PostgreSQL: an ingest, and workers for its pages."""
