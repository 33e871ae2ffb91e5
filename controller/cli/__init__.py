"""What every command shares: what it writes, its folder, its school."""
