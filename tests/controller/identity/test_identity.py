"""The room's page says why devices are what they are, and asks which two are one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from agent.equipment.description import device_id_of
from controller.database.store import Store
from controller.fleet.store import all_devices
from controller.identity.store import facts_of, kind_words_of, words_of
from hardware.mdns.announced import service_of
from hardware.readings import Kind, Sighting, clean
from protocol.messages import Birth, KindAnswer, KindsAnswered, PairsAnswered, State, down_from
from protocol.model import DeviceKind, Place, Status
from tests.agent.test_kinds_told import FRAME, FRAME_ID
from tests.agent.test_pairs import IDS, MDNS, ONVIF, Devices, known
from tests.browser import LAPTOP, PHONE, Page
from tests.controller.ears import Ears, arrival
from tests.controller.people import HERE, READER
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    Served,
    a_face,
    a_live,
    a_program,
    a_store,
    agent,
    asked,
)

PLACE = SCHOOL.of_agent("may-6a1")
PAIR = tuple(sorted(IDS[:2]))
FORM = {"agent": PLACE.agent, "one": PAIR[0], "other": PAIR[1]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one room."""
    with a_store(tmp_path, [agent("6A1")]) as opened:
        yield opened


class Room:
    """A room's devices, their agent's messages, and the school's ears."""

    def __init__(self, store: Store, devices: Devices) -> None:
        self.store, self.devices = store, devices
        self.ears = Ears(a_program(store, scope=SCHOOL, upstream=""))
        self.rev = self.session = 0
        self.kinds: list[tuple[KindAnswer, ...]] = []

    def joins(self) -> None:
        """It is connected, anew: a birth, and what explains it."""
        self.session += 1
        birth = Birth(
            boot="b1", at_ms=NOW_MS, session=self.session, room="6A1", beat_s=60,
            status=Status.OK, devices=self.devices.all(NOW_MS),
        )  # fmt: skip
        self.says(birth)
        self.says(self.devices.explained(NOW_MS))

    def says(self, message: State) -> None:
        """A state, with the next number."""
        self.rev += 1
        numbered = type(message)(
            **{
                **{name: getattr(message, name) for name in message.__struct_fields__},
                "rev": self.rev,
                "boot": "b1",
            }
        )
        self.ears.take(arrival(PLACE, numbered))  # type: ignore[arg-type]

    def hears(self) -> list[tuple[tuple[str, str, bool], ...]]:
        """What the school says of pairs now; the room keeps it."""
        asyncio.run(self.ears.ingest._expire_now())
        letters, self.ears.link.letters = self.ears.link.letters, []
        words = [down_from(letter.payload) for letter in letters]
        said = [word.pairs for word in words if isinstance(word, PairsAnswered)]
        for pairs in said:
            self.devices, _ = self.devices.pair(pairs, NOW_MS)
        self.kinds = [word.kinds for word in words if isinstance(word, KindsAnswered)]
        for kinds in self.kinds:
            self.devices, _ = self.devices.be_told_kinds(kinds, NOW_MS)
        return [tuple((one.one, one.other, one.is_one) for one in pairs) for pairs in said]

    def page(self, host: str = HERE) -> str:
        """The room's page."""

        async def shown() -> str:
            live = a_live(self.store)
            await live.load()
            way = httpx.ASGITransport(a_face(self.store, live), client=(host, 5))
            async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
                return (await web.get("/rooms/6A1")).text

        return asyncio.run(shown())

    def presses(self, said: str, host: str = HERE) -> int:
        """A person answers, or takes it back."""
        way = "/pairs/6A1/undo" if said == "undo" else "/pairs/6A1"
        answer = asked(self.store, way, method="POST", host=host, data={**FORM, "said": said})
        return answer.status_code

    def says_kind(self, said: str, device: str, host: str = HERE) -> int:
        """A person says what a device is, or takes it back."""
        way = "/kinds/6A1/undo" if said == "undo" else "/kinds/6A1"
        fields = {"agent": PLACE.agent, "device": device, "said": said}
        return asked(self.store, way, method="POST", host=host, data=fields).status_code

    def kind_of(self, device_id: str) -> DeviceKind:
        """What the school takes a device for."""
        devices = self.store.read(all_devices, SCHOOL)
        return next(device.kind for device in devices if device.device_id == device_id)

    def ids(self) -> set[str]:
        """The devices that the school has."""
        devices = self.store.read(all_devices, SCHOOL)
        return {device.device_id for device in devices if device.place == PLACE}


@pytest.fixture
def asking(store: Store) -> Room:
    """A room with a camera that answers ONVIF and, without a mark in common, mDNS."""
    room = Room(store, known(ONVIF, MDNS))
    room.joins()
    room.hears()
    return room


def test_a_yes_makes_one_device_everywhere_and_is_taken_back(asking: Room) -> None:
    """The page asks; the word goes down to the room, holds in new sessions, and is undone."""
    assert asking.ids() == {*PAIR}
    page = asking.page()
    assert "Một hay hai thiết bị?" in page
    assert page.count('data-pair="') == 1
    assert asking.presses("one") == 303
    assert asking.hears() == [((*PAIR, True),)]
    assert asking.hears() == []
    asking.joins()
    assert asking.ids() == {device_id_of(ONVIF.key)}
    assert asking.hears() == [((*PAIR, True),)]
    page = asking.page()
    assert 'data-pair="' not in page
    assert page.count('data-answered="') == 1
    assert asking.presses("undo") == 303
    assert asking.hears() == [()]
    asking.joins()
    assert asking.ids() == {*PAIR}
    assert 'data-pair="' in asking.page()


def test_a_no_is_kept_and_not_asked_again(asking: Room) -> None:
    """Not even before the room has heard of it; two devices they stay."""
    assert asking.presses("two") == 303
    assert 'data-pair="' not in asking.page()
    asking.hears()
    asking.joins()
    assert asking.devices.suggestions() == []
    assert asking.ids() == {*PAIR}
    assert "là hai thiết bị (theo lời" in asking.page()


def test_the_page_says_which_marks_were_believed_and_why(asking: Room) -> None:
    """In Vietnamese, for each device; what comes late or again changes nothing."""
    page = asking.page()
    assert "Nhận ra nhờ MAC 00:40:8c:00:00:01." in page
    assert "Nhận ra nhờ tên của nó." in page
    late = asking.devices.explained(NOW_MS)
    asking.rev = 0
    asking.says(type(late)(boot="b1", at_ms=NOW_MS))
    (told,) = asking.store.read(facts_of, SCHOOL)
    assert len(told.facts.devices) == 2


def test_who_only_reads_and_who_asks_for_nonsense_changes_nothing(asking: Room) -> None:
    """Another room, one device twice, no answer, another agent."""
    assert asking.presses("one", host=READER) == 403
    assert asking.presses("perhaps") == 404
    for wrong in ({"other": PAIR[0]}, {"agent": "another"}, {"one": ""}):
        fields = {**FORM, "said": "one", **wrong}
        answer = asked(asking.store, "/pairs/6A1", method="POST", host=HERE, data=fields)
        assert answer.status_code == 404
    other = asked(
        asking.store, "/pairs/9Z9", method="POST", host=HERE, data={**FORM, "said": "one"}
    )
    assert other.status_code == 404
    assert asking.store.read(words_of, Place("79", "00123")) == []


@pytest.fixture
def framed(store: Store) -> Room:
    """A room with a touch frame that plays the mouse: it may be a board."""
    room = Room(store, known(FRAME))
    room.joins()
    room.hears()
    return room


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [("board", DeviceKind.BOARD, "bảng tương tác"), ("other", DeviceKind.OTHER, "thiết bị khác")],
)
def test_what_only_a_person_can_tell_is_asked_at_the_school_too(
    framed: Room, said: str, kind: DeviceKind, word: str
) -> None:
    """The answer goes down, is kept by the room, stands over its own word, and is taken back."""
    page = framed.page()
    assert page.count('data-asked="') == 1
    assert "có thể là bảng tương tác, đúng không?" in page
    framed.devices, _ = framed.devices.answer(FRAME_ID, Kind.CAMERA, NOW_MS)
    assert framed.says_kind(said, FRAME_ID) == 303
    framed.hears()
    assert framed.kinds == [(KindAnswer(device=FRAME_ID, is_kind=kind),)]
    framed.joins()
    assert framed.kind_of(FRAME_ID) is kind
    page = framed.page()
    assert 'data-asked="' not in page
    assert f": {word} (theo lời" in page
    framed.hears()
    assert framed.kinds == [(KindAnswer(device=FRAME_ID, is_kind=kind),)]
    assert framed.says_kind("undo", FRAME_ID) == 303
    framed.hears()
    assert framed.kinds == [()]
    framed.joins()
    assert framed.kind_of(FRAME_ID) is DeviceKind.CAMERA


def test_only_what_is_asked_is_answered_and_by_whom_the_book_is_open_to(framed: Room) -> None:
    """Another kind, a device that is not asked about, nonsense, and who only reads."""
    assert framed.says_kind("board", FRAME_ID, host=READER) == 403
    assert framed.says_kind("perhaps", FRAME_ID) == 404
    framed.says_kind("camera", FRAME_ID)
    framed.says_kind("board", "usb-another")
    framed.says_kind("undo", "usb-another")
    assert framed.store.read(kind_words_of, SCHOOL) == []


# What nobody calls a device, and somebody will: markup, endless words, other directions, nothing.
NAMES = (
    "<script>alert(1)</script>",
    "'\"><img src=http://evil.example/x onerror=alert(1)>",
    "x" * 10_000,
    "W" * 200,
    "Một tên rất dài " * 40,
    "\u202egnp.exe\u202c",
    "\u05e9\u05dc\u05d5\u05dd (2) - 10",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b" * 30,
    "Camera",
    "Camera",
    "{{7*7}}%(name)s{name}",
    "\n\r\t\0\u200b",
    "😀" * 120,
)
OUT_OF_SIGHT = """[...document.querySelectorAll("main .scroll tbody td.status")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth).length"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def hostile(number: int, name: str) -> list[Sighting]:
    """A camera of that name that answers ONVIF, and a printer at its address."""
    address = f"10.0.1.{number}"
    told = {"name": clean(name), "vendor": clean(name), "model": clean(name), "serial": clean(name)}
    camera = replace(ONVIF, key=f"mac:00408c4a{number:02x}7f", aliases=(), address=address, **told)
    txt = {b"ty": name.encode()[:250], b"product": name.encode()[:250]}
    printer = service_of(
        "_ipp._tcp", f"{name}._ipp._tcp.local.", f"h{number}.local.", [address], txt, port=631
    )
    return [camera, *([printer.sighting] if printer else [])]


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_devices_with_hostile_names_spoil_no_page(
    store: Store, page: Page, size: tuple[int, int]
) -> None:
    """Nothing runs or is fetched, nothing is wider than the window, each state is in sight."""
    sightings = [one for number, name in enumerate(NAMES, 1) for one in hostile(number, name)]
    room = Room(store, known(*sightings))
    room.joins()
    room.hears()
    with Served(store) as served:
        page.open(f"{served.url}rooms/6A1", *size)
        page.see("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert page.see(WIDER) == 0
        assert page.see("document.querySelectorAll('main .scroll tbody tr').length") >= len(NAMES)
        assert page.see(OUT_OF_SIGHT) == 0
    assert not [one for one in page.requests if "evil" in one]
