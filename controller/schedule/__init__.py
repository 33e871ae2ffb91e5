"""This package brings bells, terms, holidays, timetable and marks in, as schools write them."""
