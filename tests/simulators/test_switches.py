"""Faults are switched by their names, and a client gets something else at once."""

from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from protocol.settings import SettingsError
from simulators.devices.camera import CameraFault, OnvifCamera
from simulators.devices.pjlink import ProjectorFault, ProjectorMake
from simulators.devices.projector import FaultyProjector, Projector
from simulators.devices.single import ALIASES
from simulators.devices.switches import Switches, fault_of, faults_of, typed_lines
from tests.waiting import LIMIT_S


def test_faults_are_named_between_commas() -> None:
    """With either dash, and by the number that a camera refuses with."""
    wanted = {CameraFault.BLACK, CameraFault.PASSWORD, CameraFault.PARTLY_COVERED}
    assert faults_of(" black,401, Partly-Covered,", CameraFault, ALIASES) == wanted
    assert faults_of("", CameraFault) == frozenset()


@pytest.mark.parametrize(("typo", "nearest"), [("blak", "black"), ("coverd", "covered")])
def test_a_typo_names_the_nearest_fault(typo: str, nearest: str) -> None:
    """As every setting does."""
    with pytest.raises(SettingsError, match=f"Did you mean {nearest}"):
        fault_of(typo, CameraFault)


def test_lines_are_obeyed_and_answered() -> None:
    """Several switches on a line are all switched, or none where one is misspelt."""
    done: list[tuple[str, bool]] = []

    async def switch(fault: CameraFault, on: bool) -> None:  # noqa: FBT001 - a switch
        done.append((str(fault), on))

    async def run() -> None:
        switches = Switches(CameraFault, switch, str)
        assert await switches.obey("") == []
        assert await switches.obey("faults") == ["No fault is on."]
        assert await switches.obey("+black +freeze") == ["Faults that are on: black, freeze."]
        assert await switches.obey("+black") == ["Faults that are on: black, freeze."]
        assert "freeze" in (await switches.obey("-black +freze"))[0]
        assert await switches.obey("-black") == ["Faults that are on: freeze."]
        assert (await switches.obey("what?"))[0] == "No such fault: what?."
        assert len(await switches.obey("help")) == 3

    asyncio.run(run())
    assert done == [("black", True), ("freeze", True), ("black", False)]


def test_typed_lines_come_one_by_one_and_end() -> None:
    """Whole lines, however they are cut on their way; none from a file or from nothing."""

    async def run() -> list[str]:
        read, write = os.pipe()
        lines = typed_lines(read)
        os.write(write, b"+bla")
        first = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        os.write(write, b"ck\nfaults\nunfinished")
        heard = [await first, await anext(lines)]
        os.close(write)
        heard += [line async for line in lines]
        os.close(read)
        nothing = os.open(os.devnull, os.O_RDONLY)
        heard += [line async for line in typed_lines(nothing)]
        os.close(nothing)
        return heard

    assert asyncio.run(asyncio.wait_for(run(), LIMIT_S)) == ["+black", "faults"]


async def told(one: Projector, command: str) -> str:
    """What a projector answers to one command; "" where it hangs up."""
    reader, writer = await asyncio.open_connection(one.host, one.port)
    writer.write(f"{command}\r".encode())
    try:
        await reader.readuntil(b"\r")
        return (await reader.readuntil(b"\r")).decode().strip()
    except asyncio.IncompleteReadError:
        return ""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("+fan", "%1ERST=200000"),
        ("+fan +filter_warning", "%1ERST=200010"),
        ("+fan -fan", "%1ERST=000000"),
        ("+wrong-class", "%9ERST=1"),
    ],
)
def test_a_line_changes_what_a_projector_answers(line: str, answer: str) -> None:
    """To the very next client; and it is well again when all is switched off."""

    async def run() -> None:
        async with asyncio.timeout(LIMIT_S), Projector(ProjectorMake()) as one:
            one.faults.connections = 5
            switches = Switches(ProjectorFault, FaultyProjector(one).switch, str)
            await switches.obey(line)
            assert (await told(one, "%1ERST ?")).startswith(answer)
            for fault in set(switches.on):
                await switches.turn(fault, on=False)
            assert await told(one, "%1ERST ?") == "%1ERST=000000"

    asyncio.run(run())


def test_a_projector_is_switched_off_and_on_at_its_port() -> None:
    """Off, its plug is out: nothing listens."""

    async def run() -> None:
        async with Projector(ProjectorMake()) as one:
            switches = Switches(ProjectorFault, FaultyProjector(one).switch, str)
            await switches.obey("+off")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(one.host, one.port)
            await switches.obey("-off")
            assert await told(one, "%1POWR ?") == "%1POWR=0"

    asyncio.run(run())


def fetched(url: str) -> bytes | int:
    """A page, or the code of its refusal."""
    try:
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:  # noqa: S310 - of our own
            page: bytes = answer.read()
            return page
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("+401", lambda got: got == 401),
        ("+black", lambda got: got == b"jpeg of black"),
        ("+black -black", lambda got: got == b"jpeg of ok"),
        ("+corrupt", lambda got: got == b"jpe"),
    ],
)
def test_a_line_changes_what_a_camera_shows(line: str, holds: Callable[[object], bool]) -> None:
    """In its very next picture."""

    def picture(_seed: int, look: str, _size: tuple[int, int], _number: int) -> bytes:
        return f"jpeg of {look}".encode()

    async def run() -> object:
        async with OnvifCamera(picture=picture, group=("239.255.255.250", 0)) as one:
            await Switches(CameraFault, one.switch, str, ALIASES).obey(line)
            return await asyncio.to_thread(fetched, one.snapshot_url)

    got = asyncio.run(run())
    assert holds(got), got
