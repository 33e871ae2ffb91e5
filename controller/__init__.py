"""The school's controller: it remembers what the agents see; the department runs it too."""
