"""The doctor says that a room knocks, and the digits; nobody but who may be told reads them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.__main__ import main
from agent.config import AgentConfig
from agent.doctor.joining import joining_facts
from agent.doctor.probes import probes
from agent.doctor.running import report_at
from agent.joining.joining import Joining
from agent.joining.reports import (
    Compared,
    Failed,
    Joined,
    JoinOrder,
    JoinStep,
    Knocked,
    Report,
    Stepped,
)
from agent.local.api import application
from agent.local.key_file import key_left
from agent.server import LOCAL, serve
from protocol import probing
from protocol.doctor import bundle, diagnose
from protocol.door_key import bearer, key_file
from protocol.words import translator
from tests.agent.school_double import answers
from tests.agent.test_local_api import AROUND, KEYS
from tests.agent.test_store import desk
from tests.ports import free_port
from tests.waiting import LIMIT_S, eventually

DIGITS = "483 920"
digits = st.text("0123456789", min_size=6, max_size=6).map(lambda text: f"{text[:3]} {text[3:]}")


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (None, None),
        (Stepped(JoinStep.LOOKING), "joins"),
        (Knocked(DIGITS), "knocks"),
        (Stepped(JoinStep.ACCEPTING, DIGITS), "waits_for_office"),
        (Failed("no_such_code", "No."), None),
        (Joined("p1", "P1", "1", "sen"), None),
    ],
)
def test_a_try_is_told_while_it_goes_on(report: Report | None, code: str | None) -> None:
    """With the digits in both languages while two people compare them."""
    told = diagnose(joining_facts(report))
    assert [each.code for each in told] == ([code] if code else [])
    for each in told:
        vietnamese, english = each.sentence(translator("vi")), each.sentence(translator("en"))
        assert vietnamese != english
        knocks = code != "joins"
        assert (DIGITS in vietnamese, DIGITS in english) == (knocks, knocks)
        assert bool(each.advice(translator("vi"))) == knocks


@given(digits, st.booleans())
def test_no_digit_comes_into_what_is_sent_on(shown: str, is_compared: bool) -> None:  # noqa: FBT001 - hypothesis's
    """Whatever digits they are."""
    report = Stepped(JoinStep.ACCEPTING, shown) if is_compared else Knocked(shown)
    sent = json.loads(bundle("p", diagnose(joining_facts(report)), {}))
    assert [each["figures"] for each in sent["checks"]] == [{}]


async def knocking(_order: JoinOrder, compared: asyncio.Queue[Compared]) -> AsyncIterator[Report]:
    """A room that knocks until somebody compares."""
    yield Knocked(DIGITS)
    await compared.get()
    await asyncio.Event().wait()


def test_page_and_command_say_the_digits_of_a_room_that_knocks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The command asks the running agent, by its key; no file that is sent and no log has them."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("LOPHOC_AGENT_LANG", "en")
    port, sent, joining = free_port(), tmp_path / "b.json", Joining(knocking)
    config = AgentConfig(province="14", school="1", data=tmp_path / "room", internet="")
    around = AROUND._replace(
        joining=joining,
        data=tmp_path,
        examine=lambda: probing.examine(probes(config, lambda: joining.latest)),
    )
    words = [
        *("doctor", "--data", str(tmp_path / "room"), "--local-port", str(port)),
        *("--internet", "", "--bundle", str(sent)),
    ]

    async def said() -> tuple[str, str]:
        await asyncio.to_thread(main, words)
        return capsys.readouterr().out, sent.read_text("utf-8")

    async def play() -> None:
        async with desk(tmp_path) as here:
            app = application(here.store, around, KEYS)
            left = partial(key_left, KEYS.key, port, "", "")
            serving = asyncio.create_task(serve(app, "127.0.0.1", port, LOCAL, while_open=left))
            url, shown = f"http://127.0.0.1:{port}/api/v1", bearer(KEYS.key)
            key = key_file(tmp_path / "lophoc", port)
            await eventually(lambda: key.exists() and answers(port), "the door is open")
            assert await asyncio.to_thread(report_at, port, KEYS.key) is None
            assert DIGITS not in (await said())[0]
            async with httpx.AsyncClient(headers=shown, timeout=LIMIT_S) as web:
                assert (await web.post(f"{url}/enrolment/knock", json={})).status_code == 202
                await eventually(lambda: joining.latest == Knocked(DIGITS))
                assert await asyncio.to_thread(report_at, port, "") is None
                for state in ("knocks", "waits_for_office"):
                    out, file = await said()
                    assert DIGITS in out
                    page = (await web.get(f"{url}/doctor?lang=vi")).json()["groups"]
                    found = {one["code"]: one for each in page for one in each["findings"]}
                    assert DIGITS in found[state]["sentence"]
                    both = file, (await web.get(f"{url}/doctor/bundle")).text
                    assert all(state in text and DIGITS not in text for text in both)
                    await web.post(f"{url}/enrolment/compared", json={"same": True})
            await joining.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(play())
    assert DIGITS not in caplog.text
