"""This file measures what it costs to judge a camera's picture, beside decoding that picture."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from hardware.camera.features import state_of
from hardware.camera.picture import features_of
from simulators.devices.pictures import FULL_HD, frame, jpeg


def measure(*, quick: bool) -> dict[str, object]:
    """One thread, processor time: the machine may be busy with other things."""
    rounds = 10 if quick else 40
    print(f"camera: {rounds} pictures of 1920 x 1080, judged and decoded in turn")
    cv2.setNumThreads(1)
    picture = frame(1, "ok", FULL_HD)
    packed = np.frombuffer(jpeg(picture), np.uint8)
    pairs = [
        (_spent_s(lambda: state_of(features_of(picture))), _spent_s(lambda: _decode(packed)))
        for _ in range(rounds)
    ]
    judged, decoded = (statistics.median(each) for each in zip(*pairs, strict=True))
    return {
        "picture_judged_ms": 1000 * judged,
        "picture_decoded_ms": 1000 * decoded,
        "picture_ratio": statistics.median(one / other for one, other in pairs),
    }


def _decode(packed: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
    cv2.imdecode(packed, cv2.IMREAD_COLOR)


def _spent_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
