"""Projectors and boards that speak PJLink: found, asked, switched."""
