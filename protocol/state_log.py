"""This file logs a trouble that lasts once as it begins and once as it ends, however often seen."""

from __future__ import annotations

from logging import Logger


class StateLog:
    """What goes wrong again and again in one place: a line for each change, none in between.

    One trouble is another by its code, or by what kind of error it is. Threads may share it.
    """

    def __init__(self, logger: Logger, what: str) -> None:
        """What: the sentence of the log, such as "measures are kept later"."""
        self._logger = logger
        self._what = what
        self._last = ""

    def failed(self, error: Exception) -> None:
        """It went wrong: a line if it was well before, or wrong otherwise."""
        trouble = str(getattr(error, "code", "") or getattr(error, "errno", "") or type(error))
        before, self._last = self._last, trouble
        if trouble != before:
            self._logger.warning("%s: %s", self._what, error)

    def went_well(self) -> None:
        """It went well: a line if it was wrong before."""
        before, self._last = self._last, ""
        if before:
            self._logger.info("no more: %s", self._what)
