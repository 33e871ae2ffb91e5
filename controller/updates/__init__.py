"""Updates for rooms: packages that were given to this server, and how far a version has come."""
