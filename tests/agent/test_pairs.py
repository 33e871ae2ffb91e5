"""Two things at one address: a person says whether they are one; it holds whatever comes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.equipment import memos
from agent.equipment.description import device_id_of
from agent.equipment.devices import EXPLAINED_BYTES, Devices, restore_devices
from agent.equipment.traces import Traces
from hardware.readings import IdentityKind, Kind, KindProof, Sighting
from protocol.grounds import PROOFS
from protocol.messages import PairAnswer, to_bytes
from protocol.model import PERSON, SCHOOL
from tests.agent.classrooms import room, sighting

AT = "10.0.0.7"
ONVIF = sighting(
    "mac:00408c000001", source="onvif", identity=IdentityKind.MAC, kind=Kind.CAMERA, address=AT
)
MDNS = sighting("name:cam", source="mdns", identity=IdentityKind.HOST, kind=Kind.CAMERA, address=AT)
TYPED = sighting(
    "token:x", source="typed", identity=IdentityKind.TOKEN, kind=Kind.CAMERA, address=AT
)
ELSE = sighting("mac:00408c0000ff", source="onvif", identity=IdentityKind.MAC, address="10.0.0.8")
THINGS = (ONVIF, MDNS, TYPED)
PAIRS = ((0, 1), (0, 2), (1, 2))
IDS = tuple(device_id_of(one.key) for one in THINGS)


def known(*seen: Sighting, **more: object) -> Devices:
    """A room that saw these, one after the other."""
    devices = restore_devices(room(), ())
    devices = replace(devices, **more)  # type: ignore[arg-type]
    for at_ms, one in enumerate(seen):
        devices, _ = devices.see([one], at_ms)
    return devices


def restarted(devices: Devices, seen: tuple[Sighting, ...]) -> Devices:
    """The room after a restart, as its documents and memos keep it; these are there again."""
    traces = Traces(room=devices.room.room, held=devices.traces.held)
    after = restore_devices(devices.room, devices.all(9), traces, devices.decisions)
    stored = memos.changes(restore_devices(room(), ()), devices)
    kept = {name: value for name, value in stored.items() if value is not None}
    after = replace(after, paired=memos.pairs_in(kept))
    for one in seen:
        after, _ = after.see([one], 10)
    return after


def sets_of(devices: Devices) -> set[frozenset[str]]:
    """Which things are one device."""
    return {group.keys for group in devices.groups()}


def test_each_two_at_one_address_are_asked_about_and_no_others() -> None:
    """Neither what answers elsewhere, nor who only checked in."""
    tablet = sighting(
        "token:cookie", source="checkin", identity=IdentityKind.TOKEN, kind=Kind.TABLET, address=AT
    )
    devices = known(ONVIF, MDNS, ELSE, tablet)
    assert devices.suggestions() == [tuple(sorted(IDS[:2]))]


@settings(max_examples=60, deadline=None)
@given(
    answers=st.lists(
        st.tuples(
            st.sampled_from([(0, 1), (0, 2), (1, 2)]), st.sampled_from(["yes", "no", "undo"])
        ),
        max_size=5,
    ),
    dice=st.randoms(use_true_random=False),
    by_school=st.booleans(),
)
def test_answers_hold_over_restarts_and_any_order(
    answers: list[tuple[tuple[int, int], str]], dice: Random, *, by_school: bool
) -> None:
    """Against a model: the last word on each pair; one device are those that yeses join."""
    words: dict[tuple[int, int], bool] = {}
    devices = known(*THINGS)
    for pair, word in answers:
        words.pop(pair, None)
        if word != "undo":
            words[pair] = word == "yes"
        if by_school:
            said = [
                PairAnswer(one=IDS[a], other=IDS[b], is_one=yes) for (a, b), yes in words.items()
            ]
            devices, _ = devices.pair(said, 5)
        else:
            devices = _said_here(devices, IDS[pair[0]], IDS[pair[1]], word)
    if not by_school:
        words = {
            pair: is_one
            for pair in PAIRS
            for one, other, is_one, by in devices.pair_answers()
            if {one, other} == {IDS[pair[0]], IDS[pair[1]]} and by == PERSON
        }
    joined = {frozenset(THINGS[one].key for one in part) for part in _parts(words)}
    orders = [*permutations(THINGS)]
    for again in (devices, restarted(devices, dice.choice(orders))):
        assert sets_of(again) == joined
        asked = {frozenset(pair) for pair in again.suggestions()}
        for (a, b), is_one in words.items():
            assert is_one or frozenset((IDS[a], IDS[b])) not in asked


def _said_here(devices: Devices, one: str, other: str, word: str) -> Devices:
    ids = {
        name: device.device_id
        for device in devices.all(0)
        for name in (device.device_id, *device.aliases)
    }
    try:
        match word:
            case "yes":
                return devices.join(ids[one], ids[other], 5).devices
            case "no":
                return devices.tell_apart(ids[one], ids[other], 5).devices
            case _:
                return devices.ask_again(one, other, 5).devices
    except KeyError:
        return devices


def _parts(words: dict[tuple[int, int], bool]) -> list[set[int]]:
    parts = [{0}, {1}, {2}]
    for (a, b), is_one in words.items():
        if is_one:
            whole = set().union(*(part for part in parts if part & {a, b}))
            parts = [part for part in parts if not part & whole] + [whole]
    return parts


def test_a_no_holds_when_both_tell_one_mark_later() -> None:
    """What a person told apart is not joined by what they tell; without the word it is."""
    later = replace(
        MDNS, key="uuid:abc", identity=IdentityKind.UUID, aliases=(ONVIF.key,), former=(MDNS.key,)
    )
    assert len(known(ONVIF, later).groups()) == 1
    devices = known(ONVIF, MDNS)
    devices, _ = devices.tell_apart(*IDS[:2], 5)
    devices, _ = devices.see([replace(MDNS, present=False), later], 6)
    groups = {frozenset(group.keys) for group in devices.groups() if group.is_present}
    assert frozenset({ONVIF.key, later.key}) not in groups
    assert not [pair for pair in devices.suggestions() if set(pair) == set(IDS[:2])]


def test_the_schools_word_stands_over_the_rooms() -> None:
    """And is taken back by the school alone; then the room's own counts again."""
    devices = known(ONVIF, MDNS)
    devices, _ = devices.tell_apart(*IDS[:2], 5)
    devices, _ = devices.pair([PairAnswer(one=IDS[0], other=IDS[1], is_one=True)], 6)
    assert len(devices.groups()) == 1
    assert [(is_one, by) for _, _, is_one, by in devices.pair_answers()] == [(True, SCHOOL)]
    devices, _ = devices.pair([], 7)
    assert len(devices.groups()) == 2
    with pytest.raises(KeyError):
        devices.ask_again(IDS[0], IDS[2], 8)


def test_what_is_explained_is_short_and_names_no_cookie() -> None:
    """Four hundred devices with marks of full length: what fits is told, and no token is."""
    marks = tuple(f"serial:{'x' * 100}{number}" for number in range(20))
    crowd = [
        sighting(f"mac:{number:012x}", source="onvif", identity=IdentityKind.MAC, contested=marks)
        for number in range(390)
    ]
    cookie = sighting(
        "token:secret", source="checkin", identity=IdentityKind.TOKEN, kind=Kind.TABLET, address=AT
    )
    devices, _ = known(TYPED, cookie).see(crowd, 1)
    said = to_bytes(devices.explained(2))
    assert 0 < len(said) < EXPLAINED_BYTES + 2_000
    assert b"token:" not in said
    assert len(msgspec.json.decode(said)["devices"]) > 20


def test_every_proof_has_its_words() -> None:
    """What hardware names, both pages can say."""
    assert {*map(str, KindProof)} == {*PROOFS}
