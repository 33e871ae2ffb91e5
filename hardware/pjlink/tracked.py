"""This file tracks one projector from talk to talk, and says what is worth reporting; pure."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from hardware.matchers import matchers
from hardware.network.marks import MarkJudge
from hardware.network.neighbours import ToldMac
from hardware.pjlink.talk import FACTS, ProjectorInfo, TalkError
from hardware.readings import (
    IdentityKind,
    Kind,
    KindProof,
    PowerState,
    ProjectorReading,
    Reading,
    Sighting,
)
from hardware.serials import trusted_serial, weak_serial

POLL_S = 60.0
# With a talk of 4 s in between: well again, and seen to be, within 10 s.
TROUBLE_S = 4.0
_JITTER = 0.2
# A silent one that spoke before is busy with someone else, who may hold it for 30 s when idle.
_BUSY_S = 40.0
# A lamp cools for three minutes at most: one that never says how it is stands by.
_STANDBY_S = 240.0
# So many looks in a row without an answer, and it is gone.
_MISSES = 2
_ASK_INFO_S = 3600.0
_OF_MAKE = ("maker", "model", "serial")  # what a projector's owner cannot change


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkResult:
    """What one talk brought: reading and info as far as it came, trouble where it ended early.

    reading: without key and time. told: which of talk.FACTS it holds. odd: some answer was none
    that the specification knows.
    """

    reading: ProjectorReading | None = None
    info: ProjectorInfo | None = None
    trouble: TalkError | None = None
    odd: bool = False
    told: frozenset[str] = FACTS

    @property
    def is_nonsense(self) -> bool:
        """Whether it ended with what no projector says."""
        return self.trouble is not None and self.trouble.reason == "nonsense"


class TrackedProjector:
    """A projector at an address, as it is known so far.

    token: names the entry where a person typed the address. mac: what it told in a search;
    weak_mac: the same where that names no one piece.
    is_discovered: whether it answered a search. neighbour: the MAC by the kernel's table. via: our
    own address towards it. judge: of its marks, and others'. speaks_pjlink: whether it is a
    projector at all, as far as we know.
    """

    def __init__(
        self,
        address: str,
        port: int,
        *,
        mac: str = "",
        token: str = "",
        is_discovered: bool = False,
        judge: MarkJudge | None = None,
    ) -> None:
        self._judge = MarkJudge() if judge is None else judge
        self.address = address
        self.port = port
        self.mac = mac
        self.token = token
        self.is_discovered = is_discovered
        self.via = ""
        self.neighbour = ToldMac()
        self.weak_mac = ""
        self.reason = ""
        self.speaks_pjlink = False
        self._info: ProjectorInfo | None = None
        self._info_at = 0.0
        self._last: Sighting | None = None
        self._reading: ProjectorReading | None = None
        self._names: tuple[str, ...] = ()  # that it was known by before it told a mark
        self._misses = 0
        self._silent_since: float | None = None
        self._untold_since: float | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is known by before anybody logs in."""
        mac, serial = self.mac or self.neighbour.sound, serial_key(self._info or ProjectorInfo())
        return (*((f"mac:{mac}",) if mac else ()), *((serial,) if serial else ()))

    @property
    def name(self) -> str:
        """What the judge knows it by: where it answers."""
        return f"pjlink {self.address}:{self.port}"

    @property
    def marks(self) -> tuple[str, ...]:
        """What it tells of itself, the strongest first, its names last; some of no one piece."""
        info = self._info
        names = (name_key(info),) if info is not None and info.name else ()
        return (*self.keys, *self._weak_marks(info or ProjectorInfo()), *names)

    @property
    def is_present(self) -> bool:
        """Whether it was last reported to be there."""
        return self._last is not None and self._last.present

    @property
    def is_lost(self) -> bool:
        """Whether it was looked for, again and again, and is not there."""
        return self._misses >= _MISSES and not self.is_present

    @property
    def is_expected(self) -> bool:
        """Whether it spoke PJLink, or answered a search."""
        return self.speaks_pjlink or self.is_discovered

    def info(self, now: float) -> ProjectorInfo | None:
        """Give what it is, or None where it must be asked (again). now: steady seconds."""
        is_known = self._info is not None and bool(self._info.name or self._info.model)
        return self._info if is_known and now - self._info_at < _ASK_INFO_S else None

    def become(self, mac: str) -> list[Reading]:
        """Take in that another projector is at this address now. Gives the one that is gone."""
        gone = [self._gone(self._last)] if self._last is not None and self._last.present else []
        self.mac = mac
        self.speaks_pjlink = False
        self._info = self._last = self._reading = None
        self._names = ()
        return [*gone]

    def update(self, result: TalkResult, at: float, now: float) -> list[Reading]:
        """Take in what a talk brought. Gives the sightings that changed, and a reading.

        at: seconds since the epoch. now: steady seconds.
        """
        if result.info is not None:
            self._info, self._info_at = _completed_info(self._info, result.info), now
        if result.reading is not None:
            self.be_heard(now)
            reading = self._completed(replace(result.reading, at=at), result.told)
            return self._well(self._settled(reading, now))
        return self._ill(result.trouble or TalkError("no_answer"), at, now)

    def be_heard(self, now: float) -> None:
        """It gave a sign of life: what it tells counts beside what others do."""
        self._judge.tell(
            self.name, self.marks, addresses={self.address}, at=now, sure_source="pjlink"
        )

    def judge_anew(self) -> list[Reading]:
        """Others tell its marks, or no more. Gives what changed; it is asked anew what it is."""
        if self._last is None or not self._last.present or self._info is None:
            return []
        changes = self._changes()
        self._info_at = float("-inf")
        return changes

    def wait_s(self, jitter: float) -> float:
        """Give how long until the next talk. jitter: from 0 to 1."""
        is_calm = self.reason in {"", "needs_password"} or not self.is_expected
        return (POLL_S if is_calm else TROUBLE_S) * (1.0 + _JITTER * jitter)

    def _well(self, reading: ProjectorReading) -> list[Reading]:
        self.speaks_pjlink = True
        self.reason = reading.reason
        self._misses = 0
        self._silent_since = None
        changes = self._changes()
        return [*changes, replace(reading, key=self._sighting().key)] if self._last else []

    def _completed(self, reading: ProjectorReading, told: frozenset[str]) -> ProjectorReading:
        """Add what it told before and would not say now: in standby many tell no more than that."""
        if self._reading is not None:
            before = {fact: getattr(self._reading, fact) for fact in FACTS - told}
            reading = replace(reading, **before)
        self._reading = reading
        return reading

    def _settled(self, reading: ProjectorReading, now: float) -> ProjectorReading:
        """Tell one that cools from one that stands by: neither says it, but not for as long."""
        if reading.reason != "busy":
            self._untold_since = None
            return reading
        if self._untold_since is None:
            self._untold_since = now
        if now - self._untold_since < _STANDBY_S:
            return reading
        return replace(reading, power=PowerState.OFF, reason="")

    def _ill(self, trouble: TalkError, at: float, now: float) -> list[Reading]:
        self.reason = self._meaning(trouble, now)
        self.speaks_pjlink |= trouble.greeted or (self.is_discovered and trouble.connected)
        self._misses = self._misses + 1 if self.reason == "no_answer" else 0
        changes = self._changes() if self.speaks_pjlink else []
        reading = ProjectorReading(key=self._sighting().key, at=at, reason=self.reason)
        return [*changes, reading] if self._last else []

    def _meaning(self, trouble: TalkError, now: float) -> str:
        """Tell one that is busy from one that hangs: both are silent, but not for as long."""
        if not trouble.silent:
            self._silent_since = None
            return trouble.reason
        if self._silent_since is None:
            self._silent_since = now
        waits = self.speaks_pjlink and now - self._silent_since < _BUSY_S
        return "busy" if waits else trouble.reason

    def _changes(self) -> list[Reading]:
        before, sighting = self._last, self._sighting()
        nameless = sighting.identity is IdentityKind.HOST and not sighting.name
        if sighting == before or nameless or (before is None and not sighting.present):
            return []
        if before is not None and _is_renamed(before, sighting):
            self._names = (*self._names, before.key)
            sighting = self._sighting()
        self._last = sighting
        if not sighting.present:
            self._info = self._reading = None  # another may answer here next
        if before is not None and before.present and before.key != sighting.key:
            return [self._gone(before), sighting]
        return [sighting]

    def _sighting(self) -> Sighting:
        last = self._last
        if last is not None and self._misses >= _MISSES:
            return self._gone(last)
        if last is not None and self._info is None:
            return replace(last, present=True, reason="", address=self.address, via=self.via)
        info = self._info or ProjectorInfo()
        judged = self._judge.judged(self.name)
        identity, key, aliases = self._named(info, judged.contested)
        weak, card = self._weak_marks(info), self.neighbour.weak
        past = (*judged.former, *weak, *([f"mac:{card}"] if card else []), *self._names)
        return Sighting(
            source="pjlink",
            key=key,
            identity=identity,
            kind=kind_of(info),
            name=info.name or info.model,
            vendor=info.maker,
            model=info.model,
            serial=info.serial if trusted_serial(info.serial) else "",
            aliases=aliases,
            contested=judged.contested,
            weak=weak,
            former=tuple(mark for mark in dict.fromkeys(past) if mark not in {key, *aliases}),
            proof=f"{KindProof.PROTOCOL} PJLink",
            address=self.address,
            port=self.port,
            via=self.via,
        )

    def _weak_marks(self, info: ProjectorInfo) -> tuple[str, ...]:
        """Give the marks that it tells and that name no one piece."""
        mac = (f"mac:{self.weak_mac}",) if self.weak_mac else ()
        is_weak = info.maker and weak_serial(info.serial, "", (info.maker, info.model))
        return (*mac, *((_serial_mark(info),) if is_weak else ()))

    @staticmethod
    def _gone(last: Sighting) -> Sighting:
        return replace(last, present=False, reason="no_answer")

    def _named(
        self, info: ProjectorInfo, contested: Collection[str]
    ) -> tuple[IdentityKind, str, tuple[str, ...]]:
        """Give its identity, its key, and its further keys, the strongest first."""
        card = f"mac:{self.neighbour.sound}" if self.neighbour.sound else ""
        mac = f"mac:{self.mac}" if self.mac else card
        told = (mac if mac not in contested else card, serial_key(info))
        marks = [mark for mark in told if mark and mark not in contested]
        if marks:
            is_mac = marks[0].startswith("mac:")
            identity = IdentityKind.MAC if is_mac else IdentityKind.UUID
            return identity, marks[0], tuple(marks[1:])
        if self.token:
            return IdentityKind.TOKEN, f"token:{self.token}", ()
        if contested:
            return IdentityKind.HOST, f"name:pjlink-at:{self.address}:{self.port}", ()
        return IdentityKind.HOST, name_key(info), ()


def _completed_info(before: ProjectorInfo | None, now: ProjectorInfo) -> ProjectorInfo:
    """What it is, with what it told before and would not say now; all anew of another make."""
    if before is None:
        return now
    pairs = {name: (getattr(before, name), getattr(now, name)) for name in _OF_MAKE}
    if any(old and new and old != new for old, new in pairs.values()):
        return now
    return replace(
        now,
        name=now.name or before.name,
        pjlink_class=max(now.pjlink_class, before.pjlink_class),
        **{name: new or old for name, (old, new) in pairs.items()},
    )


def _is_renamed(before: Sighting, now: Sighting) -> bool:
    """Whether one that had but its names, or an entry, tells a mark of its own since."""
    had_none = before.key.startswith(("name:", "token:"))
    tells = now.identity in {IdentityKind.MAC, IdentityKind.UUID}
    return had_none and tells and before.name == now.name


def serial_key(info: ProjectorInfo) -> str:
    """Give the key by which its serial names it; "" where that may name several."""
    if not info.maker or not trusted_serial(info.serial, "", (info.maker, info.model)):
        return ""
    return _serial_mark(info)


def _serial_mark(info: ProjectorInfo) -> str:
    return f"serial:{info.maker.casefold()}:{info.serial}"


def name_key(info: ProjectorInfo) -> str:
    """Give a key of no more than names: for one that has neither MAC, nor serial, nor entry."""
    names = f"{info.maker}\n{info.model}\n{info.name}".casefold()
    return f"name:{hashlib.sha256(names.encode()).hexdigest()[:32]}"


@functools.lru_cache(maxsize=64)
def kind_of(info: ProjectorInfo) -> Kind:
    """Give its kind by matchers.toml: boards speak PJLink too; what is unknown is a projector."""
    names = f"{info.maker} {info.model} {info.name}".lower()
    rows = (row.kind for row in matchers().pjlink if fnmatchcase(names, row.names))
    return next(rows, Kind.PROJECTOR)
