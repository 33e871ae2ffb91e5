"""Reading cards in drawn pictures of a class; the bench asks the same of many more."""

from __future__ import annotations

from dataclasses import replace
from math import dist

import cv2
import numpy as np
import pytest

from hardware.cards.acceptance import Card
from hardware.cards.reader import COVERED, EVERY, FAST, SMEARED, read, read_door
from protocol.doorcode import sign
from simulators.devices.cards import Frame, Scene, class_of, clutter, door
from tests.hardware import card_frames
from tests.hardware.card_frames import cost_ratio, in_one_frame, over_ten_frames, without_cards
from tests.tiers import wide


def test_one_frame_shows_nearly_every_card() -> None:
    """From 30 px, tilted by up to 55 degrees, by both profiles; and no id that is not there."""
    count = in_one_frame(range(100, 105))
    assert count.there > 120
    assert count.recall >= 0.97
    assert count.wrong == 0


@pytest.mark.wide
def test_ten_frames_show_every_card_from_18_px() -> None:
    """By the rule of two sightings."""
    count = over_ten_frames(range(200, 202))
    assert count.there > 50
    assert count.recall >= 0.99
    assert count.wrong == 0


@pytest.mark.parametrize(
    ("scene", "least"),
    [
        (card_frames.SMEARED, 0.5),  # 9 px while the shutter is open
        (card_frames.GRIPPED, 0.8),  # fingers over one edge
        (card_frames.EDGE_HIDDEN, 0.8),  # nothing of that edge is seen
    ],
    ids=["smeared", "gripped", "edge hidden"],
)
def test_cards_in_moving_hands_are_read_over_ten_frames(scene: Scene, least: float) -> None:
    """Printed sheets, as far away as in a classroom; the bench asks the same of many more."""
    few = replace(scene, cards=16, size=(960, 540))
    count = over_ten_frames([400], few)
    assert count.there == 16
    assert count.recall >= least
    assert count.wrong == 0


def test_the_covered_profile_sees_what_the_fast_one_misses() -> None:
    """Cards with a finger on the marker are why it is there."""
    grey = class_of(9, Scene(covered=1.0))[0].grey
    assert len(read(grey, FAST, COVERED)) > len(read(grey, FAST)) + 2


def test_a_fitted_card_has_its_corners_in_the_detectors_order() -> None:
    """From the marker's own top left, whichever way it is held."""
    setting = Scene(cards=12, side=(30, 60), motion=(0, 1), covered=0.0, size=(960, 540))
    grey = class_of(6, setting)[0].grey
    fitted = {card.id: card for card in read(grey, SMEARED)}
    detected = read(grey, FAST)
    assert len(detected) > 8
    for card in detected:
        pairs = zip(card.corners, fitted[card.id].corners, strict=True)
        assert max(dist(one, other) for one, other in pairs) < 3


def test_a_pattern_without_paper_around_it_is_no_card() -> None:
    """Such as a window in a dark wall; on paper the same is one."""
    grey = class_of(2, Scene(cards=1, side=(60, 61), tilt=(0, 1), covered=0.0, size=(320, 240)))[
        0
    ].grey
    (card,) = read(grey, SMEARED)
    assert read(_on_dark(grey, card), SMEARED, COVERED) == ()


def _on_dark(grey: Frame, card: Card) -> Frame:
    """The picture, black outside the marker."""
    dark = np.full_like(grey, 20)
    inside = np.zeros_like(grey)
    cv2.fillConvexPoly(inside, np.array(card.corners).round().astype(np.int32), 1)
    return np.where(inside > 0, grey, dark)


@pytest.mark.parametrize("seeds", [range(1), *wide(range(1, 3))], ids=["one", "two more"])
def test_no_card_is_read_where_none_is(seeds: range) -> None:
    """In clutter, in tags of other kinds, in sheets of QR codes."""
    assert [read(each.grey, *EVERY) for each in without_cards(seeds)] == [()] * 3 * len(seeds)


def test_the_fast_profile_is_cheaper_than_the_defaults() -> None:
    """In the same run, on the same picture."""
    assert cost_ratio(5) < 0.9


def test_a_picture_too_small_for_a_card_shows_none() -> None:
    """And is nothing to fall over."""
    grey = clutter(1, (64, 48)).grey
    assert read(grey[:8, :8], *EVERY) == ()
    assert read(grey, *EVERY) == ()


def test_corners_are_where_the_card_is() -> None:
    """Four within the picture, around the card's centre."""
    take = class_of(5, Scene(cards=5, side=(90, 120), covered=0.0))[0]
    cards = {each.id: each for each in read(take.grey, *EVERY)}
    for shown in take.cards:
        card = cards[shown.id]
        assert abs(card.centre[0] - shown.centre[0]) < 8
        assert abs(card.centre[1] - shown.centre[1]) < 8
        assert 0.7 * shown.side < card.side < 1.35 * shown.side


def test_door_cards_are_read_at_an_angle() -> None:
    """Signed codes from 90 px, tilted by up to 45 degrees."""
    texts = [sign(b"key", 1, bytes([number] * 6)) for number in range(6)]
    read_texts = [text for seed in range(4) for text in read_door(door(seed, texts).grey)]
    assert set(read_texts) <= set(texts)
    assert len(read_texts) >= 23


def test_a_strangers_code_is_cleaned_and_bounded() -> None:
    """Whatever it says."""
    said = read_door(door(1, ["x\n" + "y" * 400], side=(500, 600), tilt=5).grey)
    assert [len(each) for each in said] == [200]
    assert "\n" not in said[0]


def test_any_picture_can_be_looked_at() -> None:
    """Noise, chequers, splinters, bars, a wall: nothing falls over, nothing is a card."""
    luck = np.random.default_rng(86)
    wall = np.full((150, 200), 200, np.uint8)
    splinters = wall.copy()
    for corners in luck.integers(0, 200, (60, 3, 2), np.int32):
        cv2.fillConvexPoly(splinters, corners, int(corners[0, 0]))
    noise = luck.integers(0, 256, wall.shape, np.uint8)
    bars = np.tile((np.arange(200) * 40 % 256).astype(np.uint8), (150, 1))
    chequers = np.kron(luck.integers(0, 2, (25, 33), np.uint8), np.full((6, 6), 255, np.uint8))
    for grey in (wall, splinters, noise, cv2.GaussianBlur(noise, (0, 0), 3), bars, chequers):
        assert read(grey, *EVERY) == ()
