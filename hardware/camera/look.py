"""This file looks at a feed for some seconds and gives its verdict in numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Final

from hardware.camera.features import Baseline, Features, state_of
from hardware.camera.feed import SAMPLE_EVERY_S, CameraFeed, FrameArrival
from hardware.camera.order import CameraTrouble, LookVerdict
from hardware.camera.picture import Grey, change_of, features_of, measure
from hardware.camera.steadiness import WARM_UP_S, Steadiness

if TYPE_CHECKING:
    from cv2.typing import MatLike

_EXTRA_S: Final = 6.0  # for a look that cannot make up its mind
_FILM_SAMPLES: Final = 80
_FILM_FRAMES: Final = 20_000
_FEATURES_LIMIT: Final = 10
_SPOILT: Final = 10  # frames in a row that are none


def verdict_of_picture(picture: MatLike) -> LookVerdict:
    """Judge one picture by itself."""
    features = features_of(picture)
    return LookVerdict(state_of(features), "", {**features.measures(), **_size(picture)})


def look(
    feed: CameraFeed, *, seconds: float, baseline: Baseline | None, tell: Callable[[], None]
) -> LookVerdict:
    """Look at a live feed for so many seconds, a little longer in doubt; at a film to its end.

    tell: called now and then, to say that the look goes on. Raises CameraTrouble.
    """
    sitting: _Sitting | None = None
    for arrival in feed.arrivals:
        if sitting is None:
            sitting = _Sitting(feed, arrival.at, baseline)
        if sitting.see(arrival):
            tell()
        if sitting.is_over(seconds):
            break
    if sitting is None:
        raise CameraTrouble("nonsense")
    return sitting.verdict()


class _Sitting:
    """One look: what was measured so far."""

    def __init__(self, feed: CameraFeed, opened_at: float, baseline: Baseline | None) -> None:
        self._feed = feed
        self._baseline = baseline
        self._opened_at = self._at = self._sample_at = opened_at
        self._every_s = SAMPLE_EVERY_S if feed.live else feed.duration_s / _FILM_SAMPLES
        self._steadiness = Steadiness(
            opened_at,
            nominal_fps=feed.nominal_fps,
            paced=feed.paced,
            coded=feed.coded,
            warm_up_s=WARM_UP_S if feed.live else 0.0,
        )
        self._features: deque[Features] = deque(maxlen=_FEATURES_LIMIT)
        self._grey: Grey | None = None
        self._size: dict[str, float] = {}
        self._frames = self._samples = self._spoilt = 0

    def see(self, arrival: FrameArrival) -> bool:
        """Count the frame; whether it was its turn to be measured."""
        self._at = arrival.at
        self._frames += 1
        self._steadiness.frame(arrival.at)
        if arrival.at < self._sample_at:
            return False
        self._sample_at = arrival.at + self._every_s
        self._measure(arrival.picture())
        return True

    def is_over(self, seconds: float) -> bool:
        if not self._feed.live:
            return self._frames >= _FILM_FRAMES
        looked_s = self._at - self._opened_at
        if looked_s < seconds:
            return False
        return looked_s >= seconds + _EXTRA_S or self._steadiness.is_settled(self._at)

    def verdict(self) -> LookVerdict:
        if not self._features:
            raise CameraTrouble("nonsense")
        middle = Features(*map(median, zip(*self._features, strict=True)))
        counted = {
            "fps": round(self._steadiness.fps, 2),
            "nominal_fps": round(self._feed.nominal_fps, 2),
            "frames": self._frames,
            "samples": self._samples,
            "seconds": round(self._at - self._opened_at, 2),
        }
        measures = {**middle.measures(), **counted, **self._size}
        return LookVerdict(self._steadiness.verdict(self._at), "", measures)

    def _measure(self, picture: MatLike | None) -> None:
        if picture is None:
            self._spoilt += 1
            if self._spoilt >= _SPOILT:
                raise CameraTrouble("nonsense")
            return
        self._spoilt = 0
        self._samples += 1
        self._size = _size(picture)
        features, grey = measure(picture)
        change = 0.0 if self._grey is None else change_of(self._grey, grey)
        self._grey = grey
        self._features.append(features)
        state = state_of(features, self._baseline)
        self._steadiness.sample(self._at, state, features.digest, change)


def _size(picture: MatLike) -> dict[str, float]:
    height, width = picture.shape[:2]
    return {"width": width, "height": height}
