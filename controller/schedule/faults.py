"""This file says for each code why a cell or a row of a schedule cannot be used."""

from __future__ import annotations

from typing import Final

from controller.sheets.text import CELL_MESSAGES
from protocol.words import N_

MESSAGES: Final[dict[str, str]] = {
    **CELL_MESSAGES,
    "cell_is_fraction": N_("This is no whole number: Excel may have joined two, such as 2,5."),
    "cell_too_long": N_("This is too long to be kept."),
    "weekday_missing": N_("The day of the week is missing."),
    "weekday_unknown": N_(
        "This is no day of the week: write 2 to 8 (8 or CN is Sunday), Thứ 2, T2."
    ),
    "weekdays_unknown": N_("These are no days of the week: write 2-7, or 2, 4, 6, or T2-T6, CN."),
    "period_missing": N_("The period is missing."),
    "period_unknown": N_("This is no period: write a number from 0 to 20, such as 1 or Tiết 1."),
    "period_unnumbered": N_(
        "Which period of the day this is, is not known: bring in bells that have the afternoon,"
        " or count the afternoon on (6, 7, ...)."
    ),
    "session_unknown": N_("This is no half of the day: write Sáng or Chiều."),
    "weeks_unknown": N_("These are no weeks: write lẻ, chẵn, or leave the cell empty."),
    "class_missing": N_("The class is missing."),
    "owner_missing": N_("Whose lessons these are is missing: a class, a teacher or a room."),
    "class_invalid": N_("This cannot be a class: Excel may have made a date of it; use text."),
    "class_short": N_("Write each class with its whole name, such as 10A1, 10A2."),
    "classes_range": N_("Several classes or one? Write each class, with commas: 10A1, 10A2."),
    "classes_many": N_("These are more than 8 classes in one lesson."),
    "room_missing": N_("The room is missing, and the class lists tell none for this class."),
    "rooms_many": N_("These are several rooms: write a row for each."),
    "room_of_classes": N_("These classes have different rooms: write the room of the lesson."),
    "clock_missing": N_("The time of day is missing."),
    "clock_unknown": N_("This is no time of day: write 7:15 or 7h15."),
    "clock_of_morning": N_("This is no time of that half of the day: write 13:15."),
    "span_unknown": N_("This is not from when to when: write 7:15 - 8:00."),
    "end_before_start": N_("The end is not after the beginning."),
    "name_missing": N_("The name is missing."),
    "day_missing": N_("The day is missing."),
    "day_unknown": N_("This is no day of the calendar: write day/month/year, such as 02/09/2026."),
    "day_month_first": N_("The month stands before the day: write day/month/year."),
    "day_without_year": N_("The year is missing: write day/month/year."),
    "day_far": N_("This is not a day of this century: look at the year."),
    "status_unknown": N_("This is no status of a pupil: copy the words of the sample file."),
    "letter_long": N_("A mark has at most 8 letters."),
    "grace_unknown": N_("This is no number of minutes from 0 to 240."),
    "room_twice": N_("The room has another lesson at this time already, in row {value}."),
    "class_twice": N_("The class is in two rooms at this time; the other is in row {value}."),
    "bell_twice": N_("This period has other times already, in row {value}."),
    "bells_overlap": N_("The times overlap with those of row {value}."),
    "days_overlap": N_("The days overlap with those of row {value}."),
    "line_twice": N_("The same is told in row {value} already."),
    "card_unknown": N_("The file refers to what it does not hold: export it again."),
    "card_days": N_("The days of the timetable program are not named as days of the week."),
    "card_weeks": N_("Only lessons of every, odd or even weeks can be kept."),
    "card_terms": N_("Only lessons of all terms can be kept: export one term alone."),
    "card_length": N_("How many periods the lesson has is told in two ways."),
}
