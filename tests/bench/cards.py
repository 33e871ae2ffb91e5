"""This file measures the reading of cards: how many, how many wrongly, and at what cost."""

from __future__ import annotations

import base64
import random
import statistics

from hardware.cards.reader import FAST, FINE, FULL, read, read_door
from protocol.doorcode import read as read_code
from protocol.doorcode import sign
from simulators.devices.cards import class_of, door
from tests.hardware.card_frames import (
    cost_ratio,
    in_one_frame,
    over_ten_frames,
    spent_s,
    without_cards,
)

KEYS = {1: b"k" * 32}


def measure(*, quick: bool) -> dict[str, object]:
    """Drawn pictures of 1920 x 1080, each of another class."""
    pictures, classes, forged = (20, 4, 100_000) if quick else (200, 40, 1_000_000)
    print(f"cards: {pictures} classes in one frame, {classes} in ten, {forged} forged door codes")
    single = in_one_frame(range(1000, 1000 + pictures))
    followed = over_ten_frames(range(3000, 3000 + classes))
    strange = without_cards(range(pictures))
    read_there = sum(len(read(each.grey, FAST, FINE, FULL)) for each in strange)
    texts = [sign(KEYS[1], 1, bytes([number] * 6)) for number in range(4)]
    doors = [door(seed, texts) for seed in range(pictures)]
    greys = [each.grey for each in doors]
    codes = sum(len(set(read_door(grey)) & set(texts)) for grey in greys)
    grey = class_of(1)[0].grey
    return {
        "cards_recall": single.recall,
        "cards_followed_recall": followed.recall,
        "cards_wrong": followed.wrong + read_there,
        "cards_wrong_single": single.wrong,
        "cards_fast_ratio": cost_ratio(10),
        "cards_fast_ms": 1000 * min(spent_s(lambda: read(grey, FAST)) for _ in range(5)),
        "cards_fine_ms": 1000 * min(spent_s(lambda: read(grey, FINE)) for _ in range(5)),
        "cards_full_ms": 1000 * min(spent_s(lambda: read(grey, FULL)) for _ in range(5)),
        "door_recall": codes / (len(texts) * len(doors)),
        "door_ms": 1000 * statistics.median(spent_s(lambda g=g: read_door(g)) for g in greys),
        "door_forged": _forged(forged),
    }


def _forged(count: int) -> int:
    luck = random.Random(8)
    codes = (base64.b32encode(b"\x01" + luck.randbytes(14)).decode() for _ in range(count))
    return sum(read_code(each, KEYS) is not None for each in codes)
