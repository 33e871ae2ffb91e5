"""This package tells people outside of the screens what needs doing: a message a cause."""
