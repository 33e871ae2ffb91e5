"""This file looks at cameras from time to time, each look in a process that can be killed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import unquote, urlsplit

from hardware.camera.features import Baseline
from hardware.camera.order import MOST_WAYS, LookVerdict, Order
from hardware.camera.process import ask, no_vision
from hardware.camera.shutter import FILE_VIEW, CameraUse, Shutter
from hardware.http.login import NOBODY, WebLogin
from hardware.readings import CameraReading, CameraState, Report
from hardware.rest import Rest, polling

LOOK_S: Final = 6.0
EVERY_S: Final = 60.0
AGAIN_S: Final = 5.0

_NEWS_S: Final = 60.0
_FILM_S: Final = 300.0
_NODE: Final = re.compile(r"/dev/(video\d+|v4l/by-(id|path)/[\w.:+-]+)")
_SCHEMES: Final = frozenset({"http", "https", "rtsp"})
_BASELINE_WEIGHT: Final = 0.05
T = TypeVar("T", bound=Hashable)
# So many wrong passwords lock no camera; more might.
_REFUSALS: Final = 3
_UNWANTED: Final = LookVerdict(CameraState.DISCONNECTED, "no_answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTarget:
    """A camera to look at. key: of its sighting. url_or_node: "http(s)", "rtsp", or a device node.

    others: where the same picture is too, tried in turn where none comes from there.

    The URL may carry a password in its query, as cheap cameras want it: neither is shown.
    is_typed: whether a person gave place and password together, for this one camera.
    """

    key: str
    url_or_node: str = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_typed: bool = field(default=False, repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class _Due:
    at: float
    refusals: int = 0


class Rounds(Generic[T]):
    """Cameras in turn: a new one at once, one in trouble soon, one that is well in a while.

    every_s, again_s: the pause after a look at a camera that is well, and that is in trouble.
    """

    def __init__(self, every_s: float, again_s: float) -> None:
        self._every_s = every_s
        self._again_s = again_s
        self._due: dict[T, _Due] = {}

    def next(self, targets: Iterable[T], now: float) -> T | None:
        """The camera whose turn it is, or None while there is none. Forgets those not wanted."""
        self._due = {target: self._due.get(target, _Due(float("-inf"))) for target in targets}
        due = [target for target, when in self._due.items() if when.at <= now]
        return min(due, default=None, key=lambda target: self._due[target].at)

    def next_in_s(self, now: float) -> float:
        """How long until the next camera's turn; for ever while there is none."""
        return max(0.0, min((when.at for when in self._due.values()), default=inf) - now)

    def note_look(self, target: T, now: float, *, well: bool, refused: bool = False) -> None:
        """A look is over. refused: a password of ours was."""
        when = self._due.setdefault(target, _Due(now))
        when.refusals = when.refusals + 1 if refused else 0
        hurry = not well and when.refusals < _REFUSALS
        when.at = now + (self._again_s if hurry else self._every_s)


def target_of(
    key: str, url_or_node: str, login: WebLogin = NOBODY, others: tuple[str, ...] = ()
) -> CameraTarget:
    """A target whose URL may name user and password; those given apart win."""
    target = CameraTarget(
        key=key,
        url_or_node=url_or_node,
        user=login.user,
        password=login.password,
        is_typed=login.is_typed,
        others=others,
    )
    if "@" not in url_or_node or not is_camera(url_or_node):
        return target
    parts = urlsplit(url_or_node)
    named, _, host = parts.netloc.rpartition("@")
    user, _, secret = named.partition(":")
    return replace(
        target,
        url_or_node=parts._replace(netloc=host).geturl(),
        user=login.user or unquote(user),
        password=login.password or unquote(secret),
    )


def is_camera(place: str) -> bool:
    """Whether it is an address or device node that a camera may have; a file is none."""
    if _NODE.fullmatch(place):
        return True
    # Spaces and line ends would become part of what is sent to the camera.
    if not place.isprintable() or " " in place:
        return False
    try:
        parts = urlsplit(place)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname)


async def look(
    target: CameraTarget,
    shutter: Shutter,
    *,
    seconds: float = LOOK_S,
    baseline: Baseline | None = None,
) -> CameraReading:
    """Look at one camera for so many seconds, a few more in doubt; trouble is known within 5.

    Raises SenseMissing("no_vision") where this machine cannot look at pictures.
    """
    view = shutter.view(target.key, CameraUse.COMMAND)
    verdict = await ask(order_for(target, seconds, baseline), view)
    return _reading(target.key, verdict or _UNWANTED)


async def look_at_file(path: Path) -> CameraReading:
    """Judge a picture or a film in a file; what is neither has the reason "nonsense".

    Raises SenseMissing("no_vision") as look does.
    """
    verdict = await ask(Order(place=str(path), is_file=True), FILE_VIEW, longest_s=_FILM_S)
    return _reading(path.name, verdict or _UNWANTED)


async def watch(
    report: Report,
    targets: Callable[[], Iterable[CameraTarget]],
    shutter: Shutter,
    *,
    every_s: float = EVERY_S,
    again_s: float = AGAIN_S,
    seconds: float = LOOK_S,
    rest: Rest = polling,
) -> None:
    """Look at each camera in turn, one at a time, and report each look; never returns.

    targets: asked a few times a second during a look, and must be cheap; a camera that it no longer
    names is let go within one second, even while it is looked at. every_s: the pause after a
    look at a camera that is well. again_s: after one at a camera in trouble. rest: until the
    targets, or what the shutter says, may be otherwise. Raises SenseMissing("no_vision").
    """
    if await asyncio.to_thread(find_spec, "cv2") is None:
        raise no_vision()
    rounds: Rounds[CameraTarget] = Rounds(every_s, again_s)
    baselines: dict[CameraTarget, Baseline] = {}
    places: dict[CameraTarget, str] = {}
    while True:
        current = tuple(targets()) if shutter.is_open() else ()
        target = rounds.next(current, time.monotonic())
        if target is None:
            await rest(min(_NEWS_S, rounds.next_in_s(time.monotonic())))
            continue
        baselines = {camera: base for camera, base in baselines.items() if camera in current}
        places = {camera: place for camera, place in places.items() if camera in current}
        order = order_for(target, seconds, baselines.get(target), first=places.get(target, ""))
        view = shutter.view(target.key, CameraUse.CHECK)
        verdict = await ask(order, view, is_wanted=partial(_is_wanted, target, targets))
        if verdict is None:
            continue
        report(_reading(target.key, verdict))
        well = verdict.state is CameraState.OK
        refused = verdict.reason == "needs_password" and bool(target.password)
        rounds.note_look(target, time.monotonic(), well=well, refused=refused)
        if verdict.measures:  # a picture came
            places[target] = (order.place, *order.others)[verdict.way]
        if well:
            baselines[target] = learn(baselines.get(target), verdict)


def learn(before: Baseline | None, verdict: LookVerdict) -> Baseline:
    """What a camera shows on a good day, after one more look at which it was well."""
    now = Baseline(*(verdict.measures.get(name, 0.0) for name in Baseline._fields))
    if before is None:
        return now
    return Baseline(
        *(old + _BASELINE_WEIGHT * (new - old) for old, new in zip(before, now, strict=True))
    )


def _is_wanted(target: CameraTarget, targets: Callable[[], Iterable[CameraTarget]]) -> bool:
    return target in tuple(targets())


def order_for(
    target: CameraTarget, seconds: float, baseline: Baseline | None = None, *, first: str = ""
) -> Order:
    """The order to look at a target for so many seconds. first: the place that showed it last."""
    # A device may announce any text as its URL: only a camera's own places are opened.
    places = [one for one in (target.url_or_node, *target.others) if is_camera(one)]
    places.sort(key=lambda place: place != first)
    return Order(
        place=places[0] if places else "",
        others=tuple(places[1:MOST_WAYS]),
        user=target.user,
        password=target.password,
        is_typed=target.is_typed,
        seconds=seconds,
        baseline=baseline,
    )


def _reading(key: str, verdict: LookVerdict) -> CameraReading:
    return CameraReading(
        key=key,
        at=time.time(),
        state=verdict.state,
        measures=verdict.measures,
        reason=verdict.reason,
    )
