"""Gathered: services become devices, in any order, and two devices never one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.mdns.announced import AnnouncedService, service_of
from hardware.mdns.gathered import Announced
from hardware.network.marks import MarkJudge, remembered_contests
from hardware.readings import IdentityKind, Kind, Sighting
from tests.tiers import one_short

UUID = "16a65700-007c-1000-bb49-e8d8d1a7c91b"
MAC = b"00:0e:c6:11:22:33"
Txt = dict[bytes, bytes | None]


def seen(
    type_: str, instance: str, txt: Txt | None = None, host: str = "h", *addresses: str
) -> AnnouncedService:
    """Give what a service says, at 10.0.0.9 if nothing else is said."""
    name = f"{instance}.{type_}.local."
    where = addresses or ("10.0.0.9",)
    service = service_of(type_, name, f"{host}.local.", where, txt or {}, port=7000)
    assert service is not None
    return service


PRINTER_TXT: Txt = {b"UUID": UUID.encode(), b"usb_MFG": b"EPSON"}
SERVICES = {
    "L3150._ipp._tcp.local.": seen("_ipp._tcp", "L3150", PRINTER_TXT),
    "L3150._uscan._tcp.local.": seen("_uscan._tcp", "L3150", {b"uuid": UUID.encode(), b"ty": b"M"}),
    "7A._airplay._tcp.local.": seen("_airplay._tcp", "7A", {b"deviceid": b"00:0e:c6:11:22:33"}),
    "000EC6112233@7A._raop._tcp.local.": seen("_raop._tcp", "000EC6112233@7A", {b"am": b"iQ"}),
    "TV._androidtvremote2._tcp.local.": seen(
        "_androidtvremote2._tcp", "TV", {b"bt": b"00:0e:c6:11:22:33"}
    ),
    # Two hosts with the MAC of the board above, one of them at two addresses.
    "Liar._androidtvremote2._tcp.local.": seen(
        "_androidtvremote2._tcp", "Liar", {b"bt": MAC}, "liar", "10.0.0.66"
    ),
    "Cast._googlecast._tcp.local.": seen(
        "_googlecast._tcp", "Cast", {b"id": UUID.encode()}, "liar", "10.0.0.66", "10.0.0.67"
    ),
}
HONEST = [name for name in SERVICES if name[0] not in "LC" or name.startswith("L3150")]


def test_services_of_one_device_are_one_and_fill_each_other_in() -> None:
    """The service that says most of the kind speaks, the others add what it left open."""
    announced = Announced()
    told = [one for name in HONEST for one in announced.see(name, SERVICES[name])]
    last = {one.key: one for one in told}
    assert len(last) == 2
    printer, board = last[f"uuid:{UUID}"], last["mac:000ec6112233"]
    assert (printer.kind, printer.vendor, printer.model) == (Kind.PRINTER, "EPSON", "M")
    assert (board.kind, board.name, board.model) == (Kind.BOARD, "TV", "iQ")


@pytest.mark.parametrize("mac", ["00:12:34:56:78:9a", "00:11:22:33:44:55"])
def test_what_names_no_piece_is_what_it_was_known_by(mac: str) -> None:
    """An older LopHoc took an example's MAC for one: its device goes on under its next mark."""
    announced = Announced()
    board = seen("_airplay._tcp", "7A", {b"deviceid": mac.encode(), b"manufacturer": b"SMART"})
    (told,) = announced.see("7A._airplay._tcp.local.", board)
    mark = f"mac:{mac.replace(':', '')}"
    assert (told.identity, told.weak, told.former) == (IdentityKind.HOST, (mark,), (mark,))


V4, V6, OWN, BRIDGE = "10.0.0.8", "2001:db8::8", "fe80::2ff:fe00:8%2", "fe80::1%2"


@pytest.mark.parametrize(
    ("printer", "board", "are_one"),
    [
        ((V4,), (V4,), True),
        ((V4, OWN), (OWN,), True),
        ((V4, OWN), (V6, OWN), True),
        ((OWN,), (OWN,), True),
        ((V4, BRIDGE), ("10.0.0.7", BRIDGE), False),
        ((V4, "169.254.1.1"), ("10.0.0.7", "169.254.1.1"), False),
        ((V4, V6, BRIDGE), (V6, BRIDGE), True),
        ((V4, V6, BRIDGE), ("2001:db8::7", BRIDGE), False),
    ],
)
def test_an_address_that_every_machine_has_joins_none(
    printer: tuple[str, ...],
    board: tuple[str, ...],
    are_one: bool,  # noqa: FBT001 - a case
) -> None:
    """A link-local one joins what has no other of one kind; and two MACs alike are contested."""
    announced = Announced()
    told = announced.see("P._ipp._tcp.local.", seen("_ipp._tcp", "P", PRINTER_TXT, "a", *printer))
    told += announced.see("7A._raop._tcp.local.", seen("_raop._tcp", "7A", {}, "b", *board))
    assert len({one.key for one in told if one.present}) == (1 if are_one else 2)
    judge = MarkJudge()
    for host, where in (("a", printer), ("b", board)):
        judge.tell(host, ["mac:000ec6112233"], host=host, addresses=where)
    assert judge.is_contested("mac:000ec6112233") is not are_one


CAST: Txt = {b"id": UUID.encode(), b"ca": b"5", b"md": b"Chromecast", b"fn": b"AirServer"}
COMPUTER = seen("_workstation._tcp", "pc [00:0e:c6:44:55:66]", None, "pc")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_program_that_shows_a_screen_is_its_computers(is_first: bool) -> None:  # noqa: FBT001 - a case
    """Whatever comes first: one device, a computer, and a person is asked; without it, a board."""
    announced, cast = Announced(), seen("_googlecast._tcp", "AirServer", CAST, "pc")
    services = [
        ("AirServer._googlecast._tcp.local.", cast),
        ("pc._workstation._tcp.local.", COMPUTER),
    ]
    (first,) = announced.see(*services[0 if is_first else 1])
    assert first.kind is (Kind.BOARD if is_first else Kind.HOST)
    last = {one.key: one for one in announced.see(*services[1 if is_first else 0])}
    (here,) = [one for one in last.values() if one.present]
    assert (here.key, here.kind, here.asks) == ("mac:000ec6445566", Kind.HOST, Kind.BOARD)
    assert f"uuid:{UUID}" in here.aliases


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        *(("DESKTOP-7QK2L9A", Kind.HOST), ("laptop-0a1b2c3d", Kind.HOST), ("P203-PC", Kind.HOST)),
        *(("Co-Lan-MacBook-Air", Kind.HOST), ("WIN-0123456789A", Kind.HOST)),
        *(("fuchsia-dc91-a2ff", Kind.BOARD), ("Android-2", Kind.BOARD), ("desktop", Kind.BOARD)),
        ("4b1f7c2a-90de-4455-aa01-bb23cc0001", Kind.BOARD),
    ],
)
def test_a_host_that_is_called_as_computers_are_is_no_board(host: str, kind: Kind) -> None:
    """By the name that its system gave it, and a person is asked."""
    sighting = seen("_googlecast._tcp", "AirServer", CAST, host).sighting
    is_computer = kind is Kind.HOST
    assert (sighting.kind, sighting.asks) == (kind, Kind.BOARD if is_computer else None)
    proof = "name" if is_computer else "service"
    assert sighting.proof == f"{proof} _googlecast._tcp"


def test_a_device_is_gone_when_its_last_service_is() -> None:
    """A goodbye of one service among several is none of the device."""
    announced = Announced()
    names = ["L3150._ipp._tcp.local.", "L3150._uscan._tcp.local."]
    for name in names:
        announced.see(name, SERVICES[name])
    assert all(one.present for one in announced.leave(names[1]))
    (gone,) = announced.leave(names[0])
    assert (gone.key, gone.present, gone.reason) == (f"uuid:{UUID}", False, "goodbye")
    assert announced.leave(names[0]) == []
    assert len(announced) == 0


def test_a_service_that_becomes_another_device_leaves_the_first() -> None:
    """A name may be taken over by a new device."""
    announced = Announced()
    name = "TV._androidtvremote2._tcp.local."
    announced.see(name, SERVICES[name])
    other = seen("_androidtvremote2._tcp", "TV", {b"bt": b"00:0e:c6:aa:bb:cc"})
    assert [(one.key, one.present) for one in announced.see(name, other)] == [
        ("mac:000ec6112233", False),
        ("mac:000ec6aabbcc", True),
    ]


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(list(SERVICES))), max_size=30),
)
def test_any_order_and_repetition_ends_in_the_same_devices(
    events: list[tuple[bool, str]],
) -> None:
    """What was told adds up to what is there; nothing is told twice."""
    announced, told, there = Announced(), {}, {}
    for comes, name in events:
        if comes:
            there[name] = SERVICES[name]
            changes = announced.see(name, SERVICES[name])
        else:
            there.pop(name, None)
            changes = announced.leave(name)
        for one in changes:
            assert told.get(one.key) != one
            if one.present:
                told[one.key] = one
            else:
                del told[one.key]
    assert told == shown(*there.items())


def devices(announced: Announced) -> dict[str, Sighting]:
    """Give the devices that were told present last."""
    return dict(announced._reported)


def shown(*services: tuple[str, AnnouncedService]) -> dict[str, Sighting]:
    """Give the devices of these services."""
    announced = Announced()
    for name, service in services:
        announced.see(name, service)
    return devices(announced)


TRUE = "7A._airplay._tcp.local.", seen("_airplay._tcp", "7A", {b"deviceid": MAC}, "7a")
LIAR = (
    "8B._airplay._tcp.local.",
    seen("_airplay._tcp", "8B", {b"deviceid": MAC}, "8b", "10.0.0.66"),
)


def test_one_mac_on_two_hosts_at_once_is_not_one_device() -> None:
    """Both are there, each by its names, and neither carries the mark that is in doubt."""
    found = shown(TRUE, LIAR)
    assert len(found) == 2
    for one in found.values():
        assert one.identity is IdentityKind.HOST
        assert not any(mark.startswith("mac:") for mark in (one.key, *one.aliases))


def test_when_one_of_the_two_leaves_the_mark_is_sound_again() -> None:
    """What was told under the other key is told gone."""
    announced = Announced()
    announced.see(*TRUE)
    announced.see(*LIAR)
    told = announced.leave(LIAR[0])
    assert [one.key for one in told if one.present] == ["mac:000ec6112233"]
    assert list(devices(announced)) == ["mac:000ec6112233"]


def test_a_device_that_moved_is_not_two() -> None:
    """Its host's name stays; some of its services may still show the old address."""
    raop = "000EC6112233@7A._raop._tcp.local."
    old = seen("_raop._tcp", "000EC6112233@7A", {}, "7a")
    new = seen("_airplay._tcp", "7A", {b"deviceid": MAC}, "7a", "10.0.0.44", "10.0.0.9")
    assert shown((raop, old), (TRUE[0], new))["mac:000ec6112233"].address == "10.0.0.44"


def test_two_host_names_at_one_address_are_one_device() -> None:
    """Android names its services' hosts differently (public captures)."""
    remote = seen("_androidtvremote2._tcp", "TV", {b"bt": MAC}, "android")
    (board,) = shown(TRUE, ("TV._androidtvremote2._tcp.local.", remote)).values()
    assert (board.kind, board.key) == (Kind.BOARD, "mac:000ec6112233")


def test_in_doubt_the_next_mark_counts() -> None:
    """A contested MAC with an id beside it leaves the id."""
    service = TRUE[1]
    with_id = replace(
        service, sighting=replace(service.sighting, aliases=("uuid:4b1f7c2a90de4455",))
    )
    found = shown((TRUE[0], with_id), LIAR)
    assert found["uuid:4b1f7c2a90de4455"].identity is IdentityKind.UUID


def test_the_way_to_a_device_is_one_services_own() -> None:
    """Address and port go together."""
    silent = seen("_raop._tcp", "000EC6112233@7A", {}, "7a", "10.0.0.9")
    silent = replace(silent, sighting=replace(silent.sighting, port=0))
    airplay = seen("_airplay._tcp", "7A", {b"deviceid": MAC}, "7a", "10.0.0.9")
    (board,) = shown(("a._raop._tcp.local.", silent), (TRUE[0], airplay)).values()
    assert (board.address, board.port) == ("10.0.0.9", 7000)


@pytest.mark.parametrize("seed", one_short(range(3)))
def test_thousands_that_claim_one_mac_are_taken_in_quickly(seed: int) -> None:
    """A flood of liars costs each no more than a look at a few."""
    announced, order = Announced(), Random(seed)
    names = [f"x{count}._airplay._tcp.local." for count in range(2000)]
    order.shuffle(names)
    for count, name in enumerate(names):
        liar = seen(
            "_airplay._tcp", name[:6], {b"deviceid": MAC}, name[:6], f"10.1.{count % 250}.7"
        )
        assert len(announced.see(name, liar)) <= 64
    assert len(announced) == 2000


MARKS = st.sampled_from(["mac:a", "mac:b", "uuid:c"])
FLEET = st.dictionaries(
    st.sampled_from([f"s{count}._airplay._tcp.local." for count in range(6)]),
    st.tuples(
        st.lists(MARKS, max_size=2, unique=True),
        st.sampled_from(["h1", "h2", "h3"]),
        st.frozensets(st.sampled_from(["10.0.0.1", "10.0.0.2"]), min_size=1),
    ),
)


def made(name: str, marks: list[str], host: str, addresses: frozenset[str]) -> AnnouncedService:
    """Give a service with these marks."""
    service = seen("_airplay._tcp", name, {}, host, *sorted(addresses))
    key, *aliases = [*marks, service.weak_key]
    sighting = replace(service.sighting, key=key, aliases=tuple(aliases[:-1]))
    return replace(service, sighting=sighting)


@given(FLEET, FLEET, st.randoms(use_true_random=False))
def test_whatever_was_there_before_the_same_services_are_the_same_devices(
    before: dict[str, tuple[list[str], str, frozenset[str]]],
    after: dict[str, tuple[list[str], str, frozenset[str]]],
    order: Random,
) -> None:
    """Contested or not, in any order, with any history; and no two hosts far apart share one."""
    announced = Announced()
    for name, parts in before.items():
        announced.see(name, made(name, *parts))
    for name in before.keys() - after.keys():
        announced.leave(name)
    names = list(after)
    order.shuffle(names)
    for name in names:
        announced.see(name, made(name, *after[name]))
    fresh = shown(*((name, made(name, *after[name])) for name in after))
    assert without_past(devices(announced)) == without_past(fresh)
    for key in devices(announced):
        claims = [{host, *where} for marks, host, where in after.values() if key in marks]
        assert len(things(claims)) <= 1  # a name, which one host has alone, is no mark


def without_past(found: dict[str, Sighting]) -> dict[str, Sighting]:
    """The devices without what each was before."""
    return {key: replace(one, former=()) for key, one in found.items()}


def things(claims: list[set[str]]) -> list[set[str]]:
    """What hosts and addresses hang together, one by way of another."""
    whole: list[set[str]] = []
    for claim in claims:
        near = [one for one in whole if one & claim]
        whole = [one for one in whole if one not in near] + [claim.union(*near)]
    return whole


def service(
    type_: str, instance: str, txt: dict[str, str], host: str, *where: str
) -> tuple[str, AnnouncedService]:
    """A service by its full name, at its addresses."""
    raw = {key.encode(): text.encode() for key, text in txt.items()}
    return f"{instance}.{type_}.local.", seen(type_, instance, raw, host, *where)


CAST_ID = "4b1f7c2a90de4455aa01bb23cc45dd67"


def test_a_printer_with_an_empty_record_beside_a_full_one_is_one_printer() -> None:
    """OpenPrinting/ipp-usb issue 22: `_printer` says nothing, of the same instance and host."""
    found = shown(
        service("_ipp._tcp", "HP", {"UUID": UUID, "ty": "HP"}, "pc", "10.0.0.7"),
        service("_printer._tcp", "HP", {}, "pc", "10.0.0.7"),
        service("_uscan._tcp", "HP", {}, "pc", "10.0.0.7"),
    )
    assert list(found) == [f"uuid:{UUID}"]


def test_a_screens_cast_id_and_its_bluetooth_mac_at_one_address_are_one_board() -> None:
    """Its services name their hosts differently; each tells another mark."""
    found = shown(
        service("_googlecast._tcp", "TV-1", {"id": CAST_ID, "ca": "201221"}, "x1", "10.0.0.8"),
        service("_androidtvremote2._tcp", "TV", {"bt": "00:0e:c6:11:22:33"}, "x2", "10.0.0.8"),
        service("_airplay._tcp", "TV", {"deviceid": "00:0e:c6:99:22:33"}, "x3", "10.0.0.8"),
    )
    (board,) = found.values()
    assert (board.key, board.kind) == ("mac:000ec6112233", Kind.BOARD)
    assert {f"uuid:{CAST_ID}", "mac:000ec6992233"} == set(board.aliases)


def test_two_queues_of_one_computer_stay_two_and_the_computer_a_third() -> None:
    """Their uuids differ; what tells none goes with the queue of its own name."""
    found = shown(
        service("_ipp._tcp", "A4", {"UUID": UUID}, "pc", "10.0.0.7"),
        service("_ipp._tcp", "A3", {"UUID": UUID.replace("16a6", "26a6")}, "pc", "10.0.0.7"),
        service("_printer._tcp", "A3", {}, "pc", "10.0.0.7"),
        service("_workstation._tcp", "pc [00:0e:c6:11:22:44]", {}, "pc", "10.0.0.7"),
    )
    assert len(found) == 3


def test_two_things_behind_one_address_that_do_the_same_are_two() -> None:
    """A gateway's address is nobody's."""
    found = shown(
        service("_rtsp._tcp", "cam 1", {}, "c1", "10.0.0.1"),
        service("_rtsp._tcp", "cam 2", {}, "c2", "10.0.0.1"),
        service("_axis-video._tcp", "cam 3", {"macaddress": "00408C112233"}, "c3", "10.0.0.1"),
    )
    assert len(found) == 3


def test_a_loudspeaker_is_no_board_and_a_group_of_them_no_device() -> None:
    """By what they can do (Skyost/Bonsoir issue 49): no picture comes out of a Nest Mini."""
    mini = {"id": CAST_ID, "md": "Google Nest Mini", "fn": "Loa", "ca": "199172"}
    found = shown(service("_googlecast._tcp", "Nest", mini, "n", "10.0.0.9"))
    assert [one.kind for one in found.values()] == [Kind.AUDIO]
    group = {"id": CAST_ID, "md": "Google Cast Group", "ca": "199204"}
    raw = {key.encode(): text.encode() for key, text in group.items()}
    assert service_of("_googlecast._tcp", "g._googlecast._tcp", "g", ["10.0.0.9"], raw) is None


def test_a_contest_that_lasted_is_remembered_and_the_first_keeps_its_past() -> None:
    """The twin that stays does not take the other's id, nor lose its own."""
    judge = MarkJudge()
    announced = Announced(judge)
    announced.see(*TRUE, 0.0)
    announced.see(*LIAR, 10.0)
    assert [one.former for one in devices(announced).values() if one.name == "7A"] == [
        ("mac:000ec6112233",)
    ]
    before = devices(announced)
    announced.leave(TRUE[0], at=1000.0)
    (left,) = devices(announced).values()
    assert before[left.key] == left
    assert MarkJudge(remembered_contests([left])).is_contested("mac:000ec6112233")
