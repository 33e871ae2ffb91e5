"""This file decides when a camera is in trouble: not at one odd frame. Pure; time comes in."""

from __future__ import annotations

from collections import Counter, deque
from itertools import pairwise
from typing import Final

from hardware.readings import CameraState

WARM_UP_S: Final = 5.0  # what auto-exposure needs after opening
LOST_S: Final = 3.0

_WINDOW: Final = 6
_ENTER: Final = 5  # bad ones among them
_LEAVE: Final = 3  # good ones in a row
_BLACK: Final = 3  # in a row
# A camera that looks for its focus is blurred for some seconds.
_BLUR_WINDOW: Final = 10
_BLUR_ENTER: Final = 8
_FROZEN: Final = 10
_RATE_S: Final = 5.0  # what the rate is counted over
_FRAMES_LIMIT: Final = 2000
_FEWEST_INTERVALS: Final = 3
_SLOW_FPS: Final = 5.0
_SLOW_SHARE: Final = 0.5  # of what is promised
_PAUSE: Final = 2.0  # times the next longest interval
_DIGESTS_LIMIT: Final = 1000
# Noise moves the small grey picture by 0.3 levels and more, a codec dressing a still one by less.
_STILL: Final = 0.2
# Nothing in such a picture could move.
_BLIND: Final = frozenset({CameraState.BLACK, CameraState.OVEREXPOSED, CameraState.COVERED})


class Steadiness:
    """What the frames of one camera say together, since it was opened.

    opened_at: seconds of any clock that runs steadily; all times are of that clock.
    nominal_fps: what the camera promised; 0 where that is unknown. paced: frames come by
    themselves, so that their rate says something; False where each one is asked for. coded: by a
    codec that builds a frame on those before, and so shows one still picture in a few turns.
    """

    def __init__(
        self,
        opened_at: float,
        *,
        nominal_fps: float = 0.0,
        paced: bool = True,
        coded: bool = False,
        warm_up_s: float = WARM_UP_S,
    ) -> None:
        self._opened_at = opened_at
        self._nominal_fps = nominal_fps
        self._paced = paced
        self._coded = coded
        self._warm_at = opened_at + warm_up_s
        self._last_frame_at = opened_at
        self._frames_at: deque[float] = deque(maxlen=_FRAMES_LIMIT)
        self._samples: deque[CameraState] = deque(maxlen=_BLUR_WINDOW)
        self._sampled = 0
        self._picture = CameraState.OK
        self._digest: int | None = None
        self._digests: set[int] = set()
        self._repeats = 0
        self._changes = 0
        self._frozen = False

    def frame(self, at: float) -> None:
        """A frame came."""
        self._frames_at.append(at)
        self._last_frame_at = at
        while len(self._frames_at) > _FEWEST_INTERVALS + 1 and self._frames_at[0] < at - _RATE_S:
            self._frames_at.popleft()

    def sample(self, at: float, state: CameraState, digest: int, change: float = 0.0) -> None:
        """A frame was measured and judged by itself.

        digest: equal for equal frames. change: from the sample before, in mean levels of grey.
        """
        self._compare(digest, change)
        if at >= self._warm_at:
            self._sampled += 1
            self._samples.append(state)
            self._picture = self._judge()

    def state(self, at: float) -> CameraState:
        """How the camera is now."""
        if at - self._last_frame_at >= LOST_S:
            return CameraState.DISCONNECTED
        if self._frozen and self._picture not in _BLIND:
            return CameraState.FROZEN
        if self._picture is not CameraState.OK:
            return self._picture
        return CameraState.SLOW if at >= self._warm_at and self._is_slow() else CameraState.OK

    def is_settled(self, at: float) -> bool:
        """Whether a longer look would hardly say anything else."""
        if at < self._warm_at:
            return False
        return self.state(at) is not CameraState.OK or self._good_in_a_row() >= _LEAVE

    def verdict(self, at: float) -> CameraState:
        """How the camera was, once the look is over; of a very short one, what most frames say."""
        if 0 < self._sampled < _ENTER and self.state(at) in {CameraState.OK, CameraState.SLOW}:
            commonest = _commonest(self._samples)
            return self.state(at) if commonest is CameraState.OK else commonest
        return self.state(at)

    @property
    def fps(self) -> float:
        """The rate at which frames came of late; 0 where too few came to tell.

        By the time that passed: what comes in gusts comes no faster. A single pause is left out.
        """
        intervals = self._intervals()
        if len(intervals) < _FEWEST_INTERVALS:
            return 0.0
        if intervals[-1] > _PAUSE * intervals[-2]:
            intervals.pop()
        return len(intervals) / max(sum(intervals), 1e-3)

    def _judge(self) -> CameraState:
        if self._good_in_a_row() >= _LEAVE:
            return CameraState.OK
        latest = list(self._samples)
        if latest[-_BLACK:] == [CameraState.BLACK] * _BLACK:
            return CameraState.BLACK
        bad = _bad(latest[-_WINDOW:])
        if len(bad) < _ENTER:
            return self._picture
        commonest = _commonest(bad)
        if commonest is CameraState.BLURRED and len(_bad(latest)) < _BLUR_ENTER:
            return self._picture
        return commonest

    def _good_in_a_row(self) -> int:
        run = 0
        for state in reversed(self._samples):
            if state is not CameraState.OK:
                break
            run += 1
        return run

    def _compare(self, digest: int, change: float) -> None:
        """Count the samples that show nothing new."""
        if self._is_repeat(digest, change):
            self._repeats, self._changes = self._repeats + 1, 0
        else:
            self._repeats, self._changes = 0, self._changes + 1
        self._digest = digest
        if len(self._digests) < _DIGESTS_LIMIT:
            self._digests.add(digest)
        # Ten equal frames are nine repeats of the first.
        if self._repeats >= _FROZEN - 1:
            self._frozen = True
        elif self._changes >= _LEAVE:
            self._frozen = False

    def _is_repeat(self, digest: int, change: float) -> bool:
        if self._coded:
            return digest in self._digests and change < _STILL
        return digest == self._digest

    def _is_slow(self) -> bool:
        if not self._paced or not self.fps:
            return False
        return self.fps < max(_SLOW_FPS, _SLOW_SHARE * self._nominal_fps)

    def _intervals(self) -> list[float]:
        """The times between the frames of late, the longest last."""
        return sorted(after - before for before, after in pairwise(self._frames_at))


def _bad(samples: list[CameraState]) -> list[CameraState]:
    return [state for state in samples if state is not CameraState.OK]


def _commonest(samples: list[CameraState] | deque[CameraState]) -> CameraState:
    # The latest first, so that it wins where two are as common.
    return Counter(reversed(samples)).most_common(1)[0][0]
