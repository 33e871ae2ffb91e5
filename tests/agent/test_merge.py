from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.equipment.merge import Decision, JoinDecision, SplitDecision, group_sightings, rank
from hardware.readings import IdentityKind, Sighting
from tests.agent.classrooms import sighting

MAC, OTHER_MAC, UUID = "mac:00408c000001", "mac:00408c000002", "uuid:cea94000fb96"


def told(source: str, key: str, *aliases: str) -> Sighting:
    """A sighting that says no more than its keys."""
    return sighting(key, source=source, identity=IdentityKind.MAC, aliases=aliases, name="")


def parts(*sightings: Sighting, said: tuple[Decision, ...] = ()) -> list[list[str]]:
    """The keys of each device, sorted."""
    return sorted(sorted(group.keys) for group in group_sightings(sightings, said))


@pytest.mark.parametrize(
    ("sightings", "devices"),
    [
        # Two sources that tell the same MAC speak of one device.
        ([told("mdns", MAC), told("onvif", MAC)], [[MAC]]),
        # An endpoint's uuid that the device with the MAC told as well.
        ([told("mdns", UUID), told("onvif", MAC, UUID)], [[MAC, UUID]]),
        # The same uuid in two pieces of one make names neither.
        (
            [told("onvif", MAC, UUID), told("onvif", OTHER_MAC, UUID), told("mdns", UUID)],
            [[MAC], [OTHER_MAC], [UUID]],
        ),
        # A serial that every piece carries.
        (
            [told("onvif", MAC, "serial:x:1234567"), told("onvif", OTHER_MAC, "serial:x:1234567")],
            [[MAC], [OTHER_MAC]],
        ),
        # Two network cards that both name themselves: better two devices than a wrong one.
        ([told("mdns", MAC, OTHER_MAC), told("onvif", OTHER_MAC)], [[MAC], [OTHER_MAC]]),
        # A chain: the uuid leads to the serial's owner.
        (
            [told("onvif", MAC, UUID), told("mdns", UUID), told("pjlink", "serial:e:AB12CD", MAC)],
            [[MAC, "serial:e:AB12CD", UUID]],
        ),
        # Names and ports are never aliases.
        ([told("usb", "port:h:1:2"), told("mdns", MAC, "port:h:1:2")], [[MAC], ["port:h:1:2"]]),
        ([told("mdns", "name:a"), told("mdns", MAC, "name:a")], [[MAC], ["name:a"]]),
        # Two sources that tell the same serial, whatever colons are in it.
        (
            [told("pjlink", "serial:e:AB:12"), told("onvif", UUID, "serial:e:AB:12")],
            [["serial:e:AB:12", UUID]],
        ),
        # The stronger claim is believed first: the token then leads to another device.
        (
            [
                told("pjlink", "serial:e:1", MAC, "token:t1"),
                told("mdns", MAC),
                told("typed", OTHER_MAC, "token:t1"),
            ],
            [[MAC, "serial:e:1"], [OTHER_MAC]],
        ),
        # A uuid that two tell counts more than the serials by which they differ.
        (
            [told("pjlink", "serial:e:1", UUID), told("onvif", "serial:e:2", UUID)],
            [["serial:e:1", "serial:e:2"]],
        ),
        # What a person typed is found to be what was known.
        ([told("typed", "token:t1"), told("typed", MAC, "token:t1")], [[MAC, "token:t1"]]),
    ],
)
def test_devices_are_told_apart_and_together(
    sightings: list[Sighting], devices: list[list[str]]
) -> None:
    """By what they tell of themselves, the stronger word first."""
    assert parts(*sightings) == sorted(map(sorted, devices))
    assert parts(*reversed(sightings)) == sorted(map(sorted, devices))


def test_a_device_is_named_by_its_strongest_key_and_spoken_for_by_its_best_source() -> None:
    """The same however the sightings came."""
    (group,) = group_sightings([told("mdns", UUID), told("onvif", MAC, UUID)])
    assert group.key == MAC
    assert [each.source for each in group.sightings] == ["onvif", "mdns"]
    assert group.claims == {MAC, UUID}


def test_the_keys_that_say_more_of_a_device_rank_first() -> None:
    """Not by the alphabet; a family that nobody knows comes last."""
    families = ["host", "usb", "mac", "uuid", "serial", "token", "port", "name", "aaa"]
    keys = [f"{family}:1" for family in families]
    assert sorted(set(keys), key=rank) == keys
    (group,) = group_sightings([told("mdns", MAC), told("usb", "usb:s1", MAC)])
    assert (group.key, group.keys) == ("usb:s1", {"usb:s1", MAC})


def test_the_best_source_speaks_first_and_who_is_there_before_who_was() -> None:
    """Not by the alphabet; a source that nobody knows comes last."""
    sources = ["host", "usb", "checkin", "onvif", "pjlink", "mdns", "typed", "line", "aaa"]
    sightings = [told(source, MAC) for source in sources]
    (group,) = group_sightings(reversed(sightings))
    assert [each.source for each in group.sightings] == sources
    gone = replace(sightings[0], present=False)
    (group,) = group_sightings([gone, *sightings[1:]])
    assert group.sightings[-1] == gone


def test_devices_stand_in_the_order_of_their_keys_with_what_they_alone_claim() -> None:
    """Whatever was seen first."""
    groups = group_sightings([told("typed", "token:t1"), told("onvif", MAC, UUID)])
    assert [(group.key, group.claims) for group in groups] == [
        (MAC, {MAC, UUID}),
        ("token:t1", {"token:t1"}),
    ]


def test_what_others_claim_too_is_no_name_of_a_device() -> None:
    """A school must not fold two cameras into one because of a number they share."""
    groups = group_sightings([told("onvif", MAC, UUID), told("onvif", OTHER_MAC, UUID)])
    assert [group.claims for group in groups] == [{MAC}, {OTHER_MAC}]


def test_a_person_joins_and_parts() -> None:
    """Their word counts more than ours."""
    board = [told("usb", "usb:4623:011a:AB12CD"), told("mdns", MAC)]
    assert len(parts(*board)) == 2
    joined = (JoinDecision(MAC, "usb:4623:011a:AB12CD"),)
    assert parts(*board, said=joined) == [[MAC, "usb:4623:011a:AB12CD"]]
    wrong = [told("mdns", UUID), told("onvif", MAC, UUID)]
    assert parts(*wrong, said=(SplitDecision((UUID,)),)) == [[MAC], [UUID]]
    assert parts(*wrong, said=(SplitDecision((UUID,)), JoinDecision(MAC, UUID))) == [[MAC, UUID]]
    assert parts(told("mdns", MAC), said=(JoinDecision(MAC, "usb:gone"),)) == [[MAC]]


keys = st.sampled_from(
    [f"{kind}:{number}" for kind in ("mac", "uuid", "serial", "usb", "port") for number in range(3)]
)
sightings_ = st.builds(
    lambda source, key, aliases: told(source, key, *aliases),
    st.sampled_from(["usb", "mdns", "onvif", "pjlink"]),
    keys,
    st.lists(keys, max_size=3),
)


@given(st.lists(sightings_, max_size=10), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_devices(
    seen: list[Sighting], dice: Random
) -> None:
    """Grouping is a function of what was seen, not of when."""
    shuffled = seen * 2
    dice.shuffle(shuffled)
    gist = [(each.key, each.keys, each.claims) for each in group_sightings(seen)]
    assert [(each.key, each.keys, each.claims) for each in group_sightings(shuffled)] == gist


@given(st.lists(sightings_, max_size=10))
def test_no_device_ever_holds_two_macs_serials_or_ports(seen: list[Sighting]) -> None:
    """Whatever they claim, two of these stay two devices."""
    for group in group_sightings(seen):
        families = [key.partition(":")[0] for key in group.keys]
        assert all(families.count(each) <= 1 for each in ("mac", "usb", "port"))


def test_no_fleet_with_constant_serials_gives_a_false_merge() -> None:
    """Cameras of one make that share uuid and serial, some of them seen by a second source.

    Every fleet of two to four of five cameras, each telling none, one or both of the constants,
    and up to two of them seen again.
    """
    constant = ("uuid:00000001", "serial:acme:123456")
    heard = [[told("onvif", f"mac:{n}", *constant[:many]) for many in range(3)] for n in range(5)]
    again = [told("mdns", f"mac:{number}") for number in range(5)]
    count = 0
    for size in (2, 3, 4):
        for fleet in combinations(range(5), size):
            for seen in product(*(heard[number] for number in fleet)):
                for twice in subsets(fleet, 2):
                    groups = group_sightings([*seen, *(again[number] for number in twice)])
                    assert len(groups) == size
                    count += 1
    assert count == 10 * 9 * 4 + 10 * 27 * 7 + 5 * 81 * 11


def subsets(numbers: tuple[int, ...], most: int) -> Iterator[tuple[int, ...]]:
    """Every choice of none to so many of them."""
    return chain.from_iterable(combinations(numbers, size) for size in range(most + 1))
