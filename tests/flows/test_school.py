"""What a school lives through: bad input, lost machines, full disks, damaged files, ends."""

from __future__ import annotations

import json
import os
import random
import signal
import string
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.sync.client import connect

from protocol.door_key import bearer, door_key
from protocol.errors import EXIT_PASSING
from protocol.messages import MAX_BYTES, SCHEMA, MessageFlaw, Presence, to_bytes
from tests.flows.programs import Program, School, get, request
from tests.logins import as_controller
from tests.tiers import wide
from tests.waiting import LIMIT_S, until

UNHURRIED = 50  # messages that a controller without a core surely holds: of a crowd it drops some
ROOT = "lophoc/v1/14/00140708"
GOLDEN = sorted((Path(__file__).parent.parent / "protocol" / "golden").glob("*.json"))


def refused(school: School) -> dict[str, int]:
    """How many messages the controller has refused, by flaw."""
    _, text = request("GET", f"{school.api}/metrics")
    lines = [line for line in text.splitlines() if line.startswith("lophoc_messages_refused")]
    return {line.split('"')[1]: int(float(line.split()[-1])) for line in lines}


def bad_messages(count: int) -> list[tuple[str, bytes]]:
    """Malformed, oversized, of a wrong schema, on a wrong topic; seeded."""
    chance = random.Random(7)
    good = [json.loads(path.read_bytes()) for path in GOLDEN]
    made = []
    for number in range(count):
        message = dict(chance.choice(good))
        topic = f"{ROOT}/p203/event"
        match number % 6:
            case 0:
                payload = chance.randbytes(chance.randrange(200))
            case 1:
                payload = json.dumps(message).encode()[: chance.randrange(1, 60)]
            case 2:
                message[chance.choice(list(message))] = chance.choice([None, -1, "", [], {}])
                payload = json.dumps(message).encode()
            case 3:
                payload = json.dumps(message | {"v": SCHEMA + 1}).encode()
            case 4:
                tail = "".join(chance.choices(string.ascii_letters + "Đ", k=8))
                topic = f"{ROOT}/p203/{tail}/{number}"
                payload = json.dumps(message).encode()
            case _:
                payload = b'{"kind":"birth","room":"' + b"x" * (MAX_BYTES + number) + b'"}'
        made.append((topic, payload))
    return made


@pytest.mark.parametrize("count", [60, *wide(1000)])
def test_bad_messages_are_counted_and_harm_nothing(tmp_path: Path, count: int) -> None:
    """The controller runs on, and later good messages are stored."""
    with School(tmp_path) as school:
        school.ready()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "stranger")
        as_controller(client, school.folder / "controller")
        client.connect("127.0.0.1", school.mqtt_port)
        client.loop_start()
        for no, (topic, payload) in enumerate(bad_messages(count), 1):
            client.publish(topic, payload, qos=1).wait_for_publish(LIMIT_S)
            if no % UNHURRIED == 0:
                counted = lambda most: lambda: sum(refused(school).values()) >= most  # noqa: E731
                until(counted(no - 10), f"{no} are refused and counted")
        assert set(refused(school)) == {*map(str, MessageFlaw)} - {
            MessageFlaw.LEFT_OUT,  # of a school's page alone
            MessageFlaw.NOT_APPLIED,
        }
        client.disconnect()
        client.loop_stop()
        assert not school.controller.ended()
        assert school.mark("hs-0001")[0] == 201
        until(school.marks, "a later good message is stored")
        (agent,) = school.agents()
        assert (agent["room"], agent["online"]) == ("P203", True)


def hosts_known_to(school: School) -> list[dict[str, Any]]:
    """The agent's own machine while it is heard of; a busy one is not well."""
    return [host for host in school.all("devices?kind=host") if host["status"] != "unknown"]


def test_a_lost_agent_makes_its_devices_unknown_and_comes_back(tmp_path: Path) -> None:
    """Its last will is said by the broker; the birth heals."""
    with School(tmp_path) as school:
        school.ready()
        host = until(lambda: hosts_known_to(school), "the agent's own machine is there")[0]
        school.agent.kill()
        lost = until(lambda: school.all("devices?kind=host&status=unknown"), "it is unknown")[0]
        assert lost["reasons"][0]["code"] == "agent_lost"
        assert lost["since"] > host["since"]
        assert not school.agents()[0]["online"]
        school.agent.start()
        until(lambda: hosts_known_to(school), "it is known again")


def test_a_will_of_a_past_session_changes_nothing(tmp_path: Path) -> None:
    """Anybody may repeat an old message."""
    with School(tmp_path) as school:
        school.ready()
        old = Presence(boot="some-other-boot", at_ms=1, session=1, online=False)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "stranger")
        as_controller(client, school.folder / "controller")
        client.connect("127.0.0.1", school.mqtt_port)
        client.loop_start()
        client.publish(f"{ROOT}/p203/state", to_bytes(old), qos=1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
        taken = school.mark("hs-0001")
        until(school.marks, f"what came after it is stored: {taken}")
        assert school.agents()[0]["online"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_programs_end_cleanly_and_say_their_last_words(tmp_path: Path, how: signal.Signals) -> None:
    """Exit code 0 within seconds; the agent's goodbye reaches the school."""
    with School(tmp_path) as school:
        school.ready()
        assert school.agent.stop(how, 5) == 0
        until(lambda: not school.agents()[0]["online"], "the last word is heard")
        assert school.controller.stop(how, 5) == 0
        assert school.broker_pid() is None


def test_marks_made_while_the_school_is_down_arrive_when_it_is_back(tmp_path: Path) -> None:
    """The teacher notices nothing; the outbox shows what waits."""
    with School(tmp_path) as school:
        school.ready()
        school.controller.kill()
        school.end_broker()
        for number in range(20):
            assert school.mark(f"hs-{number:04}")[0] == 201
        assert (school.waiting() or 0) >= 20
        school.controller.start()
        until(lambda: len(school.marks()) == 20, "all have arrived")
        until(lambda: school.waiting() == 0, "the outbox is empty")


def test_a_page_says_when_the_server_hears_no_classroom(tmp_path: Path) -> None:
    """The broker is gone for good; the screen does not look calm."""
    with School(tmp_path) as school:
        school.ready()
        broker = tmp_path / "controller" / "broker" / "nats.conf"
        broker.write_text("nonsense {")
        school.end_broker()
        until(lambda: request("GET", f"{school.api}/healthz")[1]["broker"] == "lost", "it is told")
        shown = bearer(door_key(school.http_port, os.environ))
        with connect(f"ws://127.0.0.1:{school.http_port}/live", additional_headers=shown) as page:
            assert json.loads(page.recv(timeout=LIMIT_S))["trouble"] == "broker_lost"


def test_a_damaged_database_stops_the_controller_with_a_way_back(tmp_path: Path) -> None:
    """The message names the command, the command works, and the agent's marks come again."""
    with School(tmp_path) as school:
        school.ready()
        school.mark("hs-0001")
        until(school.marks, "stored")
        backups = tmp_path / "controller" / "backups"
        until(lambda: list(backups.glob("*.db")), "the day's copy is made")
        school.controller.kill()
        database = tmp_path / "controller" / "lophoc.db"
        for side in ("-wal", "-shm"):
            database.with_name(database.name + side).unlink(missing_ok=True)
        database.write_bytes(b"\x00" * 5000)
        school.controller.start()
        assert school.controller.process is not None
        assert school.controller.process.wait(LIMIT_S) == 3
        said = school.controller.log.read_text()
        assert "damaged" in said
        assert "lophoc-controller repair --data" in said
        repair = Program(
            tmp_path / "repair.log",
            "lophoc-controller",
            "repair",
            *("--data", str(tmp_path / "controller")),
        ).start()
        assert repair.process is not None
        assert repair.process.wait(LIMIT_S) == 0
        assert list(database.parent.glob("lophoc.db.damaged-*"))
        school.controller.start()
        until(lambda: get(f"{school.api}/healthz"), "the controller runs again")
        assert school.mark("hs-0002")[0] == 201
        until(school.marks, "marks are stored again")


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    """No traceback for a port."""
    with School(tmp_path) as school:
        school.ready()
        other = School(tmp_path / "other")
        other.controller._arguments[other.controller._arguments.index("--http-port") + 1] = str(
            school.http_port
        )
        other.controller.start()
        assert other.controller.process is not None
        assert other.controller.process.wait(LIMIT_S) == EXIT_PASSING
        said = other.controller.log.read_text()
        assert str(school.http_port) in said
        assert "--http-port" in said
        assert "Traceback" not in said
        other.controller.close()


def test_two_controllers_never_share_a_folder(tmp_path: Path) -> None:
    """The second one says so and leaves the first alone."""
    with School(tmp_path) as school:
        school.ready()
        second = School(tmp_path)
        second.controller.log = tmp_path / "second.log"
        second.controller.start()
        assert second.controller.process is not None
        assert second.controller.process.wait(LIMIT_S) == EXIT_PASSING
        assert "Another program" in second.controller.log.read_text()
        assert get(f"{school.api}/healthz")["status"] == "ok"


def test_an_agent_without_an_address_finds_its_school_by_mdns(tmp_path: Path) -> None:
    """`_lophoc._tcp`, and only a controller of its own school."""
    with School(tmp_path) as other, School(tmp_path / "mine") as school:
        other.agent.close()
        for program in (school.controller, school.agent):
            program.close()
        arguments = school.controller._arguments
        arguments[arguments.index("--mdns") + 1] = "true"
        code = f"mdns-{os.getpid()}"  # what another checkout plays at this moment is heard as well
        arguments[arguments.index("--school") + 1] = code
        finding = school.agent._arguments
        finding[finding.index("--mdns") + 1] = "true"
        finding[finding.index("--school") + 1] = code
        at = finding.index("--broker")
        del finding[at : at + 2]
        school.controller.start()
        school.agent.start()
        until(lambda: school.agents() and school.agents()[0]["online"], "it found its school")
