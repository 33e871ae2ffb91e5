"""This file makes what opens a door and is kept as its SHA-256 only: cookies, codes for set-up."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

from protocol.clock import wall_ms
from protocol.folder import OWNER_ONLY, write_whole
from protocol.unreadable import UNREADABLE

FIRST_CODE: Final = "setup-code"  # the file of the first set-up, in the controller's folder
FIRST_S: Final = 7 * 24 * 3600  # how long it works
_BYTES: Final = 32
_SECURE: Final = "tls."  # no code has a dot


def new_code() -> str:
    """256 random bits, as they stand in a cookie or behind the # of a link."""
    return secrets.token_urlsafe(_BYTES)


def new_session(*, is_secure: bool) -> str:
    """A session's cookie, which says by its first letters whether it ever went in clear."""
    return f"{_SECURE if is_secure else ''}{new_code()}"


def fits_line(cookie: str, *, is_secure: bool) -> bool:
    """Whether it was made for such a line: what others could read opens nothing by TLS."""
    return cookie.startswith(_SECURE) == is_secure


def digest_of(code: str) -> str:
    """What is kept of a code; of an empty one nothing."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest() if code else ""


class FirstCode:
    """The code by which the first account is made: in a file that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FIRST_CODE

    def renew(self) -> str:
        """A new one; the one before is worth nothing. Raises OSError."""
        code = new_code()
        write_whole(self._path, code.encode(), OWNER_ONLY)
        return code

    def read(self) -> str:
        """The code; empty where there is none, or where its time is over."""
        try:
            age_s = wall_ms() / 1000 - self._path.stat().st_mtime
            return self._path.read_text("ascii").strip() if age_s < FIRST_S else ""
        except (OSError, *UNREADABLE):
            return ""

    def fits(self, code: str) -> bool:
        """Whether this is it."""
        kept = self.read()
        return bool(kept) and secrets.compare_digest(digest_of(code), digest_of(kept))

    def drop(self) -> None:
        """It was used. Raises OSError."""
        self._path.unlink(missing_ok=True)


def setup_link(base: str, code: str) -> str:
    """The link that a person opens; what stands behind the # is not sent, and stands in no log."""
    return f"{base}/setup#{code}"
