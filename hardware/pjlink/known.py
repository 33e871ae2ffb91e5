"""This file keeps what is known of one projector, and says what is worth telling; pure."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from hardware.matchers import matchers
from hardware.pjlink.talk import State, TalkError, Who
from hardware.readings import Identity, Kind, ProjectorReading, Seen, Sighting
from hardware.usb.devices import trusted_serial

POLL_S = 60.0
# With a talk of 4 s in between: well again, and seen to be, within 10 s.
TROUBLE_S = 4.0
_JITTER = 0.2
# A silent one that spoke before is busy with someone else, who may hold it for 30 s when idle.
_BUSY_S = 40.0
# So many looks in a row without an answer, and it is gone.
_MISSES = 2
_ASK_WHO_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one talk brought: state and who as far as it came, trouble where it ended early."""

    state: State | None = None
    who: Who | None = None
    trouble: TalkError | None = None


class Known:
    """A projector at an address, as it is known so far.

    token: names the entry where a person typed the address. mac: what it told in a search.
    sure: whether it was found by a search. neighbour: the MAC by the kernel's table. via: our own
    address towards it. speaks: whether there is a projector at all, as far as we know.
    """

    def __init__(
        self, address: str, port: int, *, mac: str = "", token: str = "", sure: bool = False
    ) -> None:
        self.address = address
        self.port = port
        self.mac = mac
        self.token = token
        self.sure = sure
        self.via = ""
        self.neighbour = ""
        self.reason = ""
        self.speaks = False
        self._who: Who | None = None
        self._who_at = 0.0
        self._told: Sighting | None = None
        self._misses = 0
        self._silent_since: float | None = None

    @property
    def present(self) -> bool:
        """Whether it was last told to be there."""
        return self._told is not None and self._told.present

    @property
    def lost(self) -> bool:
        """Whether it was looked for, again and again, and is not there."""
        return self._misses >= _MISSES and not self.present

    @property
    def key(self) -> str:
        """Its name in readings: that of its sighting."""
        return self._sighting().key

    def who(self, now: float) -> Who | None:
        """Give what it is, or None where it must be asked (again). now: steady seconds."""
        return self._who if now - self._who_at < _ASK_WHO_S else None

    def become(self, mac: str) -> list[Seen]:
        """Take in that another projector is at this address now. Gives the one that is gone."""
        gone = [self._gone(self._told)] if self._told is not None and self._told.present else []
        self.mac = mac
        self.speaks = False
        self._who = self._told = None
        return [*gone]

    def take(self, look: Look, at: float, now: float) -> list[Seen]:
        """Take in what a talk brought. Gives the sightings that changed, and a reading.

        at: seconds since the epoch. now: steady seconds.
        """
        if look.who is not None:
            self._who, self._who_at = look.who, now
        if look.state is not None:
            return self._well(look.state, at)
        return self._ill(look.trouble or TalkError("no_answer"), at, now)

    def wait_s(self, jitter: float) -> float:
        """Give how long until the next look. jitter: from 0 to 1."""
        calm = self.reason in {"", "needs_password"} or not (self.speaks or self.sure)
        return (POLL_S if calm else TROUBLE_S) * (1.0 + _JITTER * jitter)

    def _well(self, state: State, at: float) -> list[Seen]:
        self.speaks = True
        self.reason = ""
        self._misses = 0
        self._silent_since = None
        changes = self._changes()
        return [*changes, reading_of(self.key, at, state)] if self._told else []

    def _ill(self, trouble: TalkError, at: float, now: float) -> list[Seen]:
        self.reason = self._meaning(trouble, now)
        self.speaks |= trouble.greeted or (self.sure and trouble.connected)
        self._misses = self._misses + 1 if self.reason == "no_answer" else 0
        changes = self._changes() if self.speaks else []
        reading = ProjectorReading(key=self.key, at=at, reason=self.reason)
        return [*changes, reading] if self._told else []

    def _meaning(self, trouble: TalkError, now: float) -> str:
        """Tell one that is busy from one that hangs: both are silent, but not for as long."""
        if not trouble.silent:
            self._silent_since = None
            return trouble.reason
        if self._silent_since is None:
            self._silent_since = now
        waits = self.speaks and now - self._silent_since < _BUSY_S
        return "busy" if waits else trouble.reason

    def _changes(self) -> list[Seen]:
        before, sighting = self._told, self._sighting()
        nameless = sighting.identity is Identity.HOST and not sighting.name
        if sighting == before or nameless or (before is None and not sighting.present):
            return []
        self._told = sighting
        if not sighting.present:
            self._who = None  # another may answer here next
        if before is not None and before.present and before.key != sighting.key:
            return [self._gone(before), sighting]
        return [sighting]

    def _sighting(self) -> Sighting:
        told = self._told
        if told is not None and self._misses >= _MISSES:
            return self._gone(told)
        if told is not None and self._who is None:
            return replace(told, present=True, reason="", address=self.address, via=self.via)
        who = self._who or Who()
        identity, key, aliases = self._named(who)
        return Sighting(
            source="pjlink",
            key=key,
            identity=identity,
            kind=kind_of(who),
            name=who.name or who.model,
            vendor=who.maker,
            model=who.model,
            serial=who.serial if trusted_serial(who.serial) else "",
            aliases=aliases,
            address=self.address,
            port=self.port,
            via=self.via,
        )

    @staticmethod
    def _gone(told: Sighting) -> Sighting:
        return replace(told, present=False, reason="no_answer")

    def _named(self, who: Who) -> tuple[Identity, str, tuple[str, ...]]:
        """Give its identity, its key, and its further keys, the strongest first."""
        mac, serial = self.mac or self.neighbour, serial_key(who)
        if mac:
            return Identity.MAC, f"mac:{mac}", (serial,) if serial else ()
        if serial:
            return Identity.UUID, serial, ()
        if self.token:
            return Identity.TOKEN, f"token:{self.token}", ()
        return Identity.HOST, name_key(who), ()


def reading_of(key: str, at: float, state: State, reason: str = "") -> ProjectorReading:
    """Give what a projector does as a reading."""
    return ProjectorReading(
        key=key,
        at=at,
        power=state.power,
        input=state.input,
        lamp_hours=state.lamp_hours,
        filter_hours=state.filter_hours,
        failing=state.failing,
        warned=state.warned,
        reason=reason,
    )


def serial_key(who: Who) -> str:
    """Give the key by which its serial names it; "" where that may name several."""
    if not who.maker or not trusted_serial(who.serial):
        return ""
    return f"serial:{who.maker.casefold()}:{who.serial}"


def name_key(who: Who) -> str:
    """Give a key of no more than names: for one that has neither MAC, nor serial, nor entry."""
    names = f"{who.maker}\n{who.model}\n{who.name}".casefold()
    return f"name:{hashlib.sha256(names.encode()).hexdigest()[:32]}"


@functools.lru_cache(maxsize=64)
def kind_of(who: Who) -> Kind:
    """Give its kind by matchers.toml: boards speak PJLink too; what is unknown is a projector."""
    names = f"{who.maker} {who.model} {who.name}".lower()
    rows = (row.kind for row in matchers().pjlink if fnmatchcase(names, row.names))
    return next(rows, Kind.PROJECTOR)
