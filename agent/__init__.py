"""The program in the classroom: it senses the room, keeps what happened, and tells the school."""
