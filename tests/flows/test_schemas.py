"""Agents of both schemas speak to one school, each in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.flows.programs import School, get
from tests.logins import as_local
from tests.waiting import until

ROOT = "lophoc/v1/14/00140708"
GOLDEN = Path(__file__).parent.parent / "protocol" / "golden"
BOARD = "usb-0b8c00010001"


def golden(name: str, **changes: Any) -> dict[str, Any]:
    """A message as it is kept for compatibility, with changes."""
    message: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_bytes())
    return message | changes


@contextmanager
def agent(school: School, name: str) -> Iterator[Any]:
    """The line of an agent whose every message is written by hand."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name)
    until(lambda: _connected(client, school.mqtt_port), "the broker answers")
    client.loop_start()

    def say(channel: str, message: dict[str, Any]) -> None:
        topic, payload = f"{ROOT}/{name}/{channel}", json.dumps(message)
        client.publish(topic, payload, qos=1).wait_for_publish(20)

    yield say
    client.disconnect()
    client.loop_stop()


def _connected(client: mqtt.Client, port: int) -> bool:
    try:
        as_local(client, port).connect("127.0.0.1", port)
    except OSError:
        return False
    return True


def test_an_agent_of_the_first_schema_is_still_understood(tmp_path: Path) -> None:
    """Birth, beat and device of version 1: all is known, and what it cannot tell is untold."""
    with School(tmp_path) as school:
        school.ready()
        with agent(school, "old") as say:
            say("state", golden("presence-v1", boot="3f2a", session=3, online=True))
            say("birth", golden("birth-v1"))
            say("health", golden("health-v1", status="critical"))
            say(f"device/{BOARD}", golden("device-v1"))
            board = until(lambda: school.all("devices?kind=board"), "its board is known")[0]
            until(
                lambda: [a for a in school.agents() if a["status"] == "critical"],
                "its beat is heard",
            )
        old = next(each for each in school.agents() if each["agent_id"] == "old")
    assert (board["room"], board["serial"], board["identity"]) == ("P203", "0012345", None)
    assert (board["aliases"], board["address"], board["measures"]) == ([], "", None)
    assert (old["kit"], old["roaming"], set(old["line"].values())) == ([], False, {None})


def test_what_the_first_schema_knew_goes_on_under_the_second(tmp_path: Path) -> None:
    """The new agent names its board's old id as an alias: one board, as old as ever."""
    with School(tmp_path) as school:
        school.ready()
        with agent(school, "p999") as say:
            before = golden("birth-v1")
            before["devices"][0]["device_id"] = "net-5d41402abc4b"
            say("birth", before)
            old = until(lambda: school.all("devices?kind=board"), "the board is known")[0]
            token = get(f"{school.api}/api/v1/inventory?limit=1000")["next"]
            say("birth", golden("birth-v2", boot="after-the-upgrade", rev=1))
            board = until(
                lambda: [d for d in school.all("devices?kind=board") if d["identity"]],
                "it is told anew",
            )[0]
        boards = school.all("devices?kind=board")
        news = get(f"{school.api}/api/v1/inventory?limit=1000&since={token}")["items"]
    assert [each["device_id"] for each in boards] == [BOARD]
    assert board["first_seen"] == old["first_seen"]
    assert board["measures"]["lamp_hours"] == 1250
    told = {each["device_id"]: each["removed"] for each in news}
    assert (told[BOARD], told["net-5d41402abc4b"]) == (False, True)
