"""This file measures the reading of cards: how many, how many wrongly, and at what cost."""

from __future__ import annotations

import base64
import random
import statistics

from hardware.cards.reader import COVERED, EVERY, FAST, SMEARED, read, read_door
from protocol.doorcode import read as read_code
from protocol.doorcode import sign
from simulators.devices.cards import class_of, door
from tests.bench.cards_before import as_before
from tests.hardware import card_frames
from tests.hardware.card_frames import (
    by_default,
    cost_ratio,
    in_one_frame,
    over_ten_frames,
    spent_s,
    without_cards,
)

KEYS = {1: b"k" * 32}


def measure(*, quick: bool) -> dict[str, object]:
    """Drawn pictures of 1920 x 1080, each of another class."""
    pictures, classes, forged = (20, 4, 100_000) if quick else (100, 15, 500_000)
    print(f"cards: {pictures} classes in one frame, {classes} in ten, {forged} forged door codes")
    single = in_one_frame(range(1000, 1000 + pictures))
    followed = over_ten_frames(range(3000, 3000 + classes))
    strange = without_cards(range(pictures))
    read_there = sum(len(read(each.grey, *EVERY)) for each in strange)
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
        "cards_smeared_ms": 1000 * min(spent_s(lambda: read(grey, SMEARED)) for _ in range(5)),
        "cards_covered_ms": 1000 * min(spent_s(lambda: read(grey, COVERED)) for _ in range(5)),
        **_held(classes),
        "door_recall": codes / (len(texts) * len(doors)),
        "door_ms": 1000 * statistics.median(spent_s(lambda g=g: read_door(g)) for g in greys),
        "door_forged": _forged(forged),
    }


def _held(classes: int) -> dict[str, float]:
    """Printed sheets in moving hands: today's reader, the former one and OpenCV's defaults."""
    scenes = {
        "calm": card_frames.CALM,
        "blurred": card_frames.SMEARED,
        "gripped": card_frames.GRIPPED,
        "edge_hidden": card_frames.EDGE_HIDDEN,
    }
    figures: dict[str, float] = {}
    spent_now_s = spent_before_s = wrong = 0.0
    for name, scene in scenes.items():
        seeds = range(5000, 5000 + classes)
        now = over_ten_frames(seeds, scene)
        before = over_ten_frames(seeds, scene, as_before)
        default = over_ten_frames(seeds, scene, by_default)
        figures |= {
            f"cards_{name}_recall": now.recall,
            f"cards_{name}_before": before.recall,
            f"cards_{name}_default": default.recall,
        }
        wrong += now.wrong
        spent_now_s, spent_before_s = spent_now_s + now.cpu_s, spent_before_s + before.cpu_s
    return figures | {"cards_held_wrong": wrong, "cards_cpu_ratio": spent_now_s / spent_before_s}


def _forged(count: int) -> int:
    luck = random.Random(8)
    codes = (base64.b32encode(b"\x01" + luck.randbytes(14)).decode() for _ in range(count))
    return sum(read_code(each, KEYS) is not None for each in codes)
