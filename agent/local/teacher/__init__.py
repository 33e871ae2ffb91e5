"""What the teacher sees of the lesson: its phase, its words, and the whole view of both."""
