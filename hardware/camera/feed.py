"""This file holds what every way to a camera hands over: frames as they come, decoded on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cv2.typing import MatLike

TIMEOUT_S = 2.0  # for opening, and between two words of the camera
SAMPLE_EVERY_S = 0.5


class FrameArrival(NamedTuple):
    """A frame came. at: seconds, of a steady clock or of the film's own time.

    picture: decodes it; None where it is none. Only one frame in ten is worth decoding.
    """

    at: float
    picture: Callable[[], MatLike | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFeed:
    """Frames of one camera or film; taking the next may raise CameraTrouble.

    nominal_fps: what it promises; 0 where unknown. paced: they come by themselves. coded: by a
    codec that builds a frame on those before. live: it has no end of its own; a film has one,
    and needs no warm-up. duration_s: of a film, if known.
    """

    arrivals: Iterator[FrameArrival]
    nominal_fps: float = 0.0
    paced: bool = True
    coded: bool = False
    live: bool = True
    duration_s: float = 0.0
