"""A department's figures night by night, and its items as dated files."""
