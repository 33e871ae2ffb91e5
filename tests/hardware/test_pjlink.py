"""PJLink: projectors are found, told apart, and their troubles named, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import hashlib
import logging
import socket
from pathlib import Path

import pytest
from aiopjlink import PJLink
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.pjlink import talk
from hardware.pjlink.ask import ProjectorEntry, ask, poll
from hardware.pjlink.switch import switch
from hardware.pjlink.talk import FACTS
from hardware.pjlink.tracked import TrackedProjector
from hardware.readings import (
    IdentityKind,
    Kind,
    PowerState,
    ProjectorPart,
    ProjectorReading,
    Sighting,
    SourceFlaw,
)
from simulators.devices.pjlink import LIES, ProjectorFault
from simulators.devices.projector import Crowd, FaultyProjector, Projector, ProjectorMake
from simulators.serving import serving
from tests.hardware.pjlink_room import (
    FIRST,
    NOWHERE,
    OLD,
    SECRET,
    longest_pause,
    projector,
    watching,
)
from tests.waiting import LIMIT_S, calm_s, eventually

MAC_KEY = "mac:0026ab112233"


def test_a_class_2_projector_is_found_within_three_seconds_with_all_it_tells() -> None:
    """By its answer to the search; its serial is a further key."""

    async def run() -> None:
        async with projector() as one:
            one.faults.errors = "012000"
            async with watching(one) as watch:
                sighting = await watch.sighting(limit_s=3.0)
                assert (sighting.key, sighting.identity) == (MAC_KEY, IdentityKind.MAC)
                assert sighting.kind is Kind.PROJECTOR
                assert sighting.aliases == (f"serial:epson:{FIRST.serial}",)
                assert (sighting.name, sighting.vendor, sighting.model, sighting.serial) == (
                    FIRST.name,
                    FIRST.maker,
                    FIRST.model,
                    FIRST.serial,
                )
                assert (sighting.address, sighting.port) == (one.host, one.port)
                reading = await watch.reading(lambda seen: seen.key == MAC_KEY)
                assert reading.power is PowerState.OFF
                assert reading.lamp_hours == (1200,)
                assert reading.filter_hours == 340
                assert reading.failing == (ProjectorPart.TEMPERATURE,)
                assert reading.warned == (ProjectorPart.LAMP,)
                assert not reading.reason

    asyncio.run(run())


def test_a_class_1_projector_at_a_typed_address_is_known_by_its_entry() -> None:
    """It has neither MAC nor serial to tell; and it is asked nothing of class 2."""

    async def run() -> None:
        async with (
            projector(OLD) as one,
            watching(typed=[ProjectorEntry("t1", one.host, one.port)]) as watch,
        ):
            sighting = await watch.sighting()
            assert (sighting.key, sighting.identity) == ("token:t1", IdentityKind.TOKEN)
            assert (
                await watch.reading(lambda seen: seen.key == "token:t1")
            ).power is PowerState.OFF
            assert not any(command.startswith("%2") for command in one.commands)

    asyncio.run(run())


def test_the_neighbour_table_names_a_class_1_projector(tmp_path: Path) -> None:
    """The MAC is a stronger name than the entry."""
    table = tmp_path / "arp"
    table.write_text("127.0.0.2 0x1 0x2 00:26:ab:99:88:77 * eth0\n")

    async def run() -> None:
        async with (
            projector(OLD) as one,
            watching(typed=[ProjectorEntry("t1", one.host, one.port)], neighbours=table) as watch,
        ):
            assert (await watch.sighting()).key == "mac:0026ab998877"

    asyncio.run(run())


def test_a_projector_that_answers_with_its_address_is_found_by_its_serial() -> None:
    """Some answer a search with their IP address instead of their MAC."""

    async def run() -> None:
        async with projector(search_answer="127.0.0.2") as one, watching(one) as watch:
            sighting = await watch.sighting()
            assert sighting.key == f"serial:epson:{FIRST.serial}"
            assert sighting.identity is IdentityKind.UUID

    asyncio.run(run())


def test_an_interactive_panel_that_speaks_pjlink_is_a_board() -> None:
    """By a row of matchers.toml."""
    panel = ProjectorMake(maker="ViewSonic", model="ViewBoard IFP6550", mac="00:e0:4c:00:00:11")

    async def run() -> None:
        async with projector(panel) as one, watching(one) as watch:
            assert (await watch.sighting()).kind is Kind.BOARD

    asyncio.run(run())


def test_a_password_opens_and_a_wrong_one_is_said_to_be_needed() -> None:
    """Once the right one is known, it is tried at once."""

    async def run() -> None:
        async with projector(password=SECRET) as one, watching(one) as watch:
            assert (await watch.reading(bool)).reason == "needs_password"
            watch.password = SECRET[::-1]
            assert (await watch.reading(bool)).reason == "needs_password"
            watch.password = SECRET
            assert (await watch.reading(lambda seen: not seen.reason)).power is PowerState.OFF

    asyncio.run(run())


@pytest.mark.parametrize("line_end", ["\r\n", "\r\0"], ids=["line-feed", "nul"])
@pytest.mark.parametrize("password", ["", SECRET], ids=["open", "password"])
def test_lines_may_end_in_more_than_a_carriage_return(line_end: str, password: str) -> None:
    """Some projectors end them as C or Telnet do."""

    async def run() -> None:
        async with projector(password=password) as one:
            one.faults.line_end = line_end
            result = await poll(one.host, one.port, password)
            assert (result.trouble, result.odd) == (None, False)
            assert (result.reading.power, result.info.serial) == (PowerState.OFF, FIRST.serial)

    asyncio.run(run())


def test_no_password_is_ever_told(caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log, nor in what is reported or shown of the watch, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)

    async def run() -> None:
        async with projector(password=SECRET) as one:
            async with watching(one, password=SECRET) as watch:
                await watch.reading(lambda seen: not seen.reason)
                shown = repr((watch.projectors, vars(watch.projectors), watch.told.seen, one))
            one.faults.lie = ProjectorFault.BINARY
            shown += repr(await ask(one.host, one.port, password=SECRET, neighbours=NOWHERE))
        assert SECRET not in shown + caplog.text

    asyncio.run(run(), debug=True)


@pytest.mark.parametrize("crowd", list(Crowd))
def test_a_projector_with_one_connection_is_busy_within_five_seconds_and_soon_back(
    crowd: Crowd,
) -> None:
    """Whether it sends us away or lets us wait, someone else is served; then we are."""

    async def run() -> None:
        async with projector() as one, watching(one) as watch:
            await watch.reading(lambda seen: not seen.reason)
            one.faults.crowd = crowd
            reader, writer = await asyncio.open_connection(one.host, one.port)
            await reader.readuntil(b"\r")
            one.say(b"%2POWR=1\r", *watch.listens_at)
            assert (await watch.reading(bool, 5.0 + 2.0)).reason == "busy"
            writer.close()
            freed = calm_s()
            await watch.reading(lambda seen: not seen.reason)
            assert calm_s() - freed <= 10.0

    asyncio.run(run())


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("lie", LIES)
def test_a_liar_is_seen_through_within_five_seconds_and_does_not_stop_the_loop(
    lie: ProjectorFault, *, at_once: bool
) -> None:
    """Every lie is a trouble with a name, and never an error."""

    async def run() -> None:
        async with projector() as one:
            one.faults.lie, one.faults.lie_at_once = lie, at_once
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                pause = group.create_task(longest_pause(stop))
                async with asyncio.timeout(LIMIT_S):
                    result = await poll(one.host, one.port, "")
                stop.set()
            assert result.trouble.reason == (
                "no_answer" if lie is ProjectorFault.TRICKLE else "nonsense"
            )
            assert pause.result() < 0.25  # 50 ms where nothing else runs on the machine

    asyncio.run(run())


@pytest.mark.parametrize("lie", [ProjectorFault.ENDLESS, ProjectorFault.BINARY])
def test_a_lie_is_a_flaw_and_the_watch_outlives_it(lie: ProjectorFault) -> None:
    """Told the truth again, it believes it again."""

    async def run() -> None:
        async with projector() as one:
            one.faults.lie, one.faults.lie_at_once = lie, True
            async with watching(one) as watch:
                assert (await watch.reading()).reason == "nonsense"
                assert await watch.flaw() == SourceFlaw(
                    source="pjlink", code="nonsense", address=one.host
                )
                one.faults.lie = None
                await watch.reading(lambda seen: not seen.reason)

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(answers=st.lists(st.binary(max_size=80), max_size=8), greets=st.booleans())
def test_no_bytes_from_a_projector_raise_anything_but_a_trouble(
    answers: list[bytes], *, greets: bool
) -> None:
    """Whatever comes, and wherever it stops, a look ends with a state or a trouble."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if greets:
                writer.write(b"PJLINK 0\r")
            for answer in answers:
                writer.write(answer)
                writer.write(b"\r")
            writer.close()

    async def run() -> None:
        async with serving(serve) as port:
            result = await poll("127.0.0.1", port, "pw")
        assert (result.reading is None) or (result.trouble is None) or result.trouble.reason

    asyncio.run(run())


def test_one_odd_answer_leaves_the_others_standing() -> None:
    """It is a flaw, and only that one measure is unknown."""

    async def run() -> None:
        async with projector() as one:
            one.faults.errors = "OK"
            async with watching(one) as watch:
                reading = await watch.reading(bool)
                assert (reading.reason, reading.failing) == ("", ())
                assert reading.lamp_hours == (1200,)
                assert (await watch.flaw()).code == "nonsense"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "no route"), "no_answer"),
        (ConnectionResetError(), "busy"),
        (ValueError(), "nonsense"),
    ],
    ids=["no-route", "reset", "value"],
)
def test_a_network_that_fails_is_no_nonsense(error: Exception, reason: str) -> None:
    """Only what was said can be nonsense."""
    link = talk._Link("127.0.0.1", 9, None, 1.0)
    assert talk._trouble(link, error).reason == reason


def test_a_name_that_is_not_utf_8_is_unknown_and_no_more() -> None:
    """Old projectors keep the code page of their country."""
    name = "PJ \xe1".encode("latin-1").decode("utf-8", "surrogateescape")

    async def run() -> None:
        make = dataclasses.replace(FIRST, name=name)
        async with projector(make) as one, watching(one) as watch:
            sighting = await watch.sighting()
            assert (sighting.key, sighting.name) == (MAC_KEY, FIRST.model)
            assert (await watch.flaw()).code == "nonsense"

    asyncio.run(run())


def test_a_silent_projector_does_not_answer_and_one_pulled_out_is_gone_and_comes_back() -> None:
    """Two misses in a row, so that one lost packet is no alarm."""

    async def run() -> None:
        async with projector() as one, watching(one) as watch:
            await watch.reading(lambda seen: not seen.reason)
            one.faults.mute = True
            one.say(b"%2POWR=1\r", *watch.listens_at)
            assert (await watch.reading(bool, 5.0 + 2.0)).reason == "no_answer"
            one.faults.mute = False
            await watch.reading(lambda seen: not seen.reason)
            one.say(b"%2POWR=1\r", *watch.listens_at)
            await one.unplug()
            gone = await watch.sighting(lambda seen: not seen.present)
            assert (gone.key, gone.reason) == (MAC_KEY, "no_answer")
            await one.plug_in()
            assert (await watch.sighting()).present

    asyncio.run(run())


def test_what_is_typed_and_does_not_speak_pjlink_is_not_talked_about() -> None:
    """A camera's address may be typed as well: its silence is no projector's trouble."""

    async def run() -> None:
        async with Projector(OLD) as one:
            one.faults.lie, one.faults.lie_at_once = ProjectorFault.HTTP, True
            assert await ask(one.host, one.port, neighbours=NOWHERE) == []
        assert await ask(one.host, one.port, neighbours=NOWHERE) == []

    asyncio.run(run())


def test_asking_one_address_gives_its_sighting_and_its_reading() -> None:
    """With the strongest name it tells."""

    async def run() -> None:
        async with Projector(FIRST, password=SECRET) as one:
            seen = await ask(one.host, one.port, password=SECRET, neighbours=NOWHERE)
            sighting, reading = seen
            assert isinstance(sighting, Sighting)
            assert isinstance(reading, ProjectorReading)
            assert sighting.key == reading.key == f"serial:epson:{FIRST.serial}"

    asyncio.run(run())


def test_an_entry_taken_back_is_forgotten() -> None:
    """And its connection is not used any more."""

    async def run() -> None:
        entry = ProjectorEntry("t1", "127.0.0.2", 0)
        async with projector(OLD) as one:
            entry = entry._replace(port=one.port)
            async with watching(typed=[entry]) as watch:
                await watch.sighting()
                watch.typed.clear()
                projectors = watch.projectors
                await eventually(lambda: not projectors._watchers)

    asyncio.run(run())


def test_a_forged_crowd_of_projectors_is_bounded() -> None:
    """The flood is told, and the real one stays."""

    async def run() -> None:
        async with projector() as one, watching(one) as watch:
            await watch.sighting()
            for count in range(1, 200):
                say_from(f"127.0.1.{count}", f"%2ACKN=0026ab{count:06x}\r", watch.listens_at)
            assert (await watch.flaw()).code == "flood"
            assert len(watch.projectors._watchers) <= 32
            assert one.host in {each.projector.address for each in watch.projectors._watchers}

    asyncio.run(run())


def say_from(address: str, text: str, target: tuple[str, int]) -> None:
    """Send a datagram from another of this machine's addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        sock.sendto(text.encode(), target)


ODD_FAULTS = [
    *(ProjectorFault.STANDBY, ProjectorFault.OTHER_CLASS, ProjectorFault.LOOSE),
    *(ProjectorFault.WORDS, ProjectorFault.ASIDES, ProjectorFault.LINE_FEEDS),
    *(ProjectorFault.UNITS, ProjectorFault.ODD_LAMP),
]


@pytest.mark.parametrize("fault", ODD_FAULTS, ids=str)
def test_what_an_odd_projector_says_is_kept(fault: ProjectorFault) -> None:
    """One says ERR3 for its lamp, one answers in the other class, one in words, one loosely.

    One says more than it was asked, one ends its lines otherwise, one writes units.
    """

    async def story() -> None:
        async with projector() as one:
            await FaultyProjector(one).switch(fault, True)
            told = [*await ask(one.host, one.port, neighbours=NOWHERE)]
            (sighting,) = [each for each in told if isinstance(each, Sighting)]
            (reading,) = [each for each in told if isinstance(each, ProjectorReading)]
            assert (sighting.name, sighting.serial) == (FIRST.name, FIRST.serial)
            assert reading.lamp_hours == FIRST.lamp_hours
            assert reading.filter_hours == FIRST.filter_hours
            is_mute = fault is ProjectorFault.STANDBY
            is_known = not is_mute and fault is not ProjectorFault.ODD_LAMP
            assert reading.power is (PowerState.OFF if is_known else PowerState.UNKNOWN)
            assert reading.reason == ("busy" if is_mute else "")
            assert (reading.failing, reading.warned) == ((), ())

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_what_was_said_before_a_talk_broke_off_is_kept() -> None:
    """Silent as it became, its lamp is known."""

    async def story() -> None:
        async with projector() as one:
            one.faults.mute_after = 1
            result = await poll(one.host, one.port, "")
            assert result.reading is not None
            assert result.reading.power is PowerState.OFF
            assert result.trouble is not None

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


@pytest.mark.parametrize(
    ("code", "is_told"), [("ERR1", True), ("ERR2", False), ("ERR3", False), ("ERR4", False)]
)
def test_what_it_has_not_is_told_and_what_it_will_not_say_is_not(
    code: str, *, is_told: bool
) -> None:
    """A light without hours has none; one that sleeps says nothing of them."""

    async def story() -> None:
        async with projector() as one:
            one.faults.refusals = {"LAMP": code, "ERST": code}
            result = await poll(one.host, one.port, "")
            assert result.reading is not None
            assert result.told == ({*FACTS} if is_told else {"filter_hours"})

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_one_that_sleeps_is_still_what_it_was() -> None:
    """In standby it tells its lamp alone, and is asked what it is in vain."""

    async def story() -> None:
        async with projector() as one:
            tracked = TrackedProjector(one.host, one.port)
            tracked.update(await poll(one.host, one.port, ""), 0.0, 0.0)
            keys = tracked.keys
            await FaultyProjector(one).switch(ProjectorFault.SLEEPS, True)
            told = tracked.update(await poll(one.host, one.port, ""), 4000.0, 4000.0)
            assert [type(each) for each in told] == [ProjectorReading]
            assert tracked.keys == keys
            assert isinstance(told[0], ProjectorReading)
            assert told[0].lamp_hours == FIRST.lamp_hours

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_one_that_takes_its_time_for_each_answer_is_known_whole() -> None:
    """Ten answers of a second each are more than one talk's usual time, and none is lost."""

    async def story() -> None:
        async with projector() as one:
            one.faults.delay_s = 1.0
            result = await poll(one.host, one.port, "")
            assert result.trouble is None
            assert result.info is not None
            assert result.info.serial == FIRST.serial

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_a_projector_that_never_says_that_it_stands_by_is_switched_on() -> None:
    """Its lamp's ERR3 is no refusal to light it."""

    async def story() -> None:
        async with projector(pace=1000.0) as one:
            one.faults.mute_standby = True
            reading = await switch(one.host, one.port, on=True, again_s=0.05)
            assert (reading.power in {PowerState.ON, PowerState.WARMING}, reading.reason) == (
                True,
                "",
            )

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_two_projectors_that_tell_one_mac_are_two_by_their_serials() -> None:
    """Both answer the search: neither moved. What told the MAC alone before is its past."""

    async def run() -> None:
        other = dataclasses.replace(FIRST, name="Máy chiếu 2", serial="7QXJ9T4MK2")
        async with (
            projector() as one,
            projector(other, "127.0.0.3", port=one.port) as two,
            watching(one, two) as watch,
        ):
            keys = {f"serial:epson:{make.serial}" for make in (FIRST, other)}
            await eventually(lambda: keys <= here(watch.told.sightings))
            await eventually(lambda: MAC_KEY not in here(watch.told.sightings))

    asyncio.run(run())


def here(sightings: list[Sighting]) -> set[str]:
    """The keys of those that were told present last."""
    last = {sighting.key: sighting.present for sighting in sightings}
    return {key for key, present in last.items() if present}


@pytest.mark.parametrize("answer", ["PJLINK ERRA", "pjlink erra", "PJLINK  ERRA ", "PJLINK=ERRA"])
def test_a_refused_password_is_understood_however_it_is_said(answer: str) -> None:
    """Blanks and signs around it say nothing."""
    assert refusal_of("PJLINK 1 498e4a67", "another", answer) == "needs_password"


@pytest.mark.parametrize(
    "greeting",
    ["PJLINK 1 498e4a67", "PJLINK 1  498e4a67", "PJLINK 1 498e4a67 ", "pjlink 1 498e4a67"],
)
def test_a_salt_is_what_stands_between_the_blanks(greeting: str) -> None:
    """The right password is right, whatever line comes before an answer, and whatever class."""
    assert refusal_of(greeting, "open sesame", "PJLINK ERRA") == ""


def refusal_of(greeting: str, password: str, refusal: str) -> str:
    """Why one that greets so lets us not in; "" where it does. Its salt is 498e4a67."""
    right = hashlib.md5(f"498e4a67{password}".encode(), usedforsecurity=False).hexdigest()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r".encode())
        with contextlib.suppress(asyncio.IncompleteReadError):
            said = (await reader.readuntil(b"\r")).decode()
            while said.startswith((right, "%")):
                aside = "OK\r" if said.startswith("%") else ""
                writer.write(f"{aside}%3{said.strip()[-6:-2]}=0\r".encode())
                said = (await reader.readuntil(b"\r")).decode()
            writer.write(f"{refusal}\r".encode())
        writer.close()

    async def story() -> str:
        async with serving(serve) as port:
            result = await poll("127.0.0.1", port, "open sesame")
            assert (result.reading is None) is (result.trouble is not None)
            return result.trouble.reason if result.trouble else ""

    return asyncio.run(asyncio.wait_for(story(), LIMIT_S))


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        *(("POWR=OFF", "POWR=0"), ("powr = stand-by", "POWR=0"), ("POWR=Lamp On", "POWR=1")),
        *(("POWR=COOLING DOWN", "POWR=2"), ("POWR=warm_up", "POWR=3"), ("POWR=01", "POWR=1")),
        *(("POWR=00", "POWR=0"), ("POWR=3", "POWR=3"), ("POWR=ERR3", "POWR=ERR3")),
        *(("POWR=OK", "POWR=OK"), ("POWR=banana", "POWR=banana"), ("POWR=", "POWR=")),
        *(("ERST=No error", "ERST=000000"), ("ERST=010000", "ERST=010000"), ("ERST=", "ERST=")),
        *(("NAME=OFF", "NAME=OFF"), ("NAME=err 3", "NAME=ERR3"), ("POWR=Err-03", "POWR=ERR3")),
        *(("ERST=0 1 0 0 0 2", "ERST=010002"), ("ERST=00000", "ERST=00000")),
        *(("LAMP=1234", "LAMP=1234 0"), ("LAMP=1234.5 h, 1", "LAMP=1234 1")),
        *(("LAMP=00012 1 00034 0", "LAMP=00012 1 00034 0"), ("LAMP=12hrs/1", "LAMP=12 1")),
        *(("LAMP=", "LAMP=ERR1"), ("LAMP=-", "LAMP=ERR1"), ("LAMP=new", "LAMP=new")),
        *(("CLSS=2.00", "CLSS=2"), ("CLSS=3", "CLSS=2"), ("CLSS=Class 1", "CLSS=1")),
    ],
)
def test_words_for_digits_are_the_digits(line: str, meant: str) -> None:
    """Only where digits belong; a name stays what it is, and what means nothing does, too."""
    assert talk._tidy(line) == f"{meant}\r"


def test_the_library_still_reads_each_line_by_the_method_that_is_replaced() -> None:
    """A private one: a version without it would read loose lines as it likes."""
    replaced = talk._Link._read_next.__name__
    assert callable(getattr(PJLink, replaced, None))
    assert replaced in PJLink.transmit.__code__.co_names
    assert replaced in PJLink.__aenter__.__code__.co_names
