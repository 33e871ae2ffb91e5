"""Files of the school's own, read into plain values: class lists, bells, terms, timetable."""
