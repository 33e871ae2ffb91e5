"""What the department keeps of attendance logs cannot be taken back, and convicts who cuts one."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.database.store import Store
from controller.department.schools import Schools
from controller.department.seals import WEEK_MS, seals_of
from controller.features import keep_batch
from protocol.upward import LogSeal, SealsTold, upward_from
from tests.controller.department.test_forks import Clock, Server
from tests.controller.evidence.schools import (
    BEGAN,
    DAY_MS,
    SCHOOL,
    RoomAgent,
    store_lessons,
)
from tests.databases import Database, sqlite_in

TELLING = st.tuples(
    st.sampled_from(["p1", "p2"]),
    st.sampled_from(["aa", "bb"]),
    st.integers(0, 4),
    st.sampled_from(["01", "02", "03"]),
)


def told(store: Store, seals: Sequence[LogSeal], heard_ms: int) -> None:
    """The department hears a school."""
    message = SealsTold(boot="c1", at_ms=heard_ms, seals=tuple(seals))
    heard = Schools(SCHOOL).hear(SCHOOL.school, message, heard_ms)
    store.write(keep_batch, heard.changes, heard_ms)


@given(st.lists(st.tuples(st.lists(TELLING, max_size=4), st.booleans()), max_size=6))
@settings(max_examples=8)
def test_of_each_week_the_highest_stays_and_of_two_as_high_the_first(
    tellings: list[tuple[list[tuple[str, str, int, str]], bool]],
) -> None:
    """Against a model of a few lines."""
    model: dict[tuple[str, str, int], tuple[int, str]] = {}
    heard_ms = BEGAN
    with tempfile.TemporaryDirectory() as folder, Store(sqlite_in(Path(folder))) as store:
        for seals, is_next_week in tellings:
            heard_ms += WEEK_MS if is_next_week else 1
            for agent, key, links, seal in seals:
                place = (agent, key, heard_ms // WEEK_MS)
                if links > model.get(place, (-1, ""))[0]:
                    model[place] = (links, seal)
            told(
                store,
                [
                    LogSeal(agent=agent, key=key, links=links, at_ms=1, seal=seal)
                    for agent, key, links, seal in seals
                ],
                heard_ms,
            )
        kept = {
            (seal.agent, seal.key, seal.heard_ms // WEEK_MS): (seal.links, seal.seal)
            for seal in store.read(seals_of, SCHOOL)
        }
    assert kept == model


def test_a_school_says_its_seals_once_a_session_and_a_day(tmp_path: Path) -> None:
    """Where the line is cut it says them again."""
    clock = Clock()
    clock.now_ms = BEGAN + 10 * DAY_MS
    server = Server(tmp_path / "s", "b1", clock, {})
    store_lessons(server.store, [RoomAgent("p203")], range(1), is_signed=True)
    said: list[SealsTold] = []
    is_cut = True

    def say(letter: object) -> bool:
        message = upward_from(letter.payload)  # type: ignore[attr-defined]
        assert isinstance(message, SealsTold)
        said.append(message)
        return not is_cut

    server.upward.link.say = say  # type: ignore[method-assign,assignment]
    asyncio.run(server.upward._tell_seals())
    is_cut = False
    for _ in range(2):
        asyncio.run(server.upward._tell_seals())
    assert len(said) == 2, "what the line did not take, and the same again"
    clock.now_ms += DAY_MS
    asyncio.run(server.upward._tell_seals())
    server.upward.greet(2)
    asyncio.run(server.upward._tell_seals())
    assert len(said) == 4
    ((seal,),) = {message.seals for message in said}
    assert (seal.agent, seal.links) == ("p203", 5)
    server.kill()


def test_the_departments_file_convicts_who_cut_the_log_and_its_heads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way: told, kept, written, brought to the school."""
    here, above, file = tmp_path / "here", tmp_path / "above", tmp_path / "seals.json"
    here.mkdir()
    above.mkdir()
    agent = RoomAgent("p203")
    with Store(sqlite_in(here)) as store:
        store_lessons(store, [agent], range(2), is_signed=True)
    server = Server(tmp_path / "upward", "b1", Clock(), {})
    with Store(f"sqlite:///{here / 'lophoc.db'}") as store:
        server.upward._store = store
        message = upward_from(server.upward.seals().payload)
    server.kill()
    assert isinstance(message, SealsTold)
    with Store(sqlite_in(above)) as store:
        told(store, message.seals, BEGAN)
    config = above / "controller.toml"
    config.write_text('province = "14"\nschool = "so-14"\n')
    place = ["--data", str(above), "--config", str(config)]
    assert main(["schools", "seals", SCHOOL.school, "-o", str(file), *place]) == 0
    verify = ["attendance", "verify", "--json", "--data", str(here), "--seals", str(file)]
    own = here / "controller.toml"
    own.write_text(f'province = "14"\nschool = "{SCHOOL.school}"\n')
    verify += ["--config", str(own)]
    capsys.readouterr()
    assert main(verify) == 0
    assert json.loads(capsys.readouterr().out)["seals"] == 1
    Database(f"sqlite:///{here / 'lophoc.db'}").say(
        "DELETE FROM marks WHERE event_id = 'p203-l1-door'",
        "DELETE FROM chain_heads WHERE links = 10",
    )
    assert main(verify) == 1
    (finding,) = json.loads(capsys.readouterr().out)["breaks"]
    assert (finding["why"], finding["agent"], finding["room"]) == ("seal_missing", "p203", "P203")
    file.write_bytes(msgspec.json.encode({"province": "14", "school": "another", "seals": []}))
    assert main(verify) == 2
    file.write_text("{")
    assert main(verify) == 2
    assert "Traceback" not in capsys.readouterr().err
