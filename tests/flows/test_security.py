"""A broker that the network can reach lets every agent speak for itself only."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.broker.embedded import EmbeddedBroker, config_text
from protocol.model import Place
from protocol.this_machine import is_this_machine
from protocol.tree import paths_below
from tests.flows.programs import BIN, Program, School, get, request
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

ROOT = "lophoc/v1/14/00140708"


def give_password(school: School, agent: str) -> Path:
    """What the IT admin does for a new agent."""
    log = school.folder / f"{agent}.password"
    data = school.folder / "controller"
    data.mkdir(exist_ok=True)  # as systemd does (StateDirectory), before the first start
    giving = Program(log, "lophoc-controller", "agents", "add", agent, "--data", str(data)).start()
    assert giving.process is not None
    assert giving.process.wait(LIMIT_S) == 0
    assert log.read_text().strip()
    return log


def open_to_the_network(school: School) -> None:
    """The whole network may reach the broker; the test still comes from this machine."""
    school.controller._arguments += ["--mqtt-host", "0.0.0.0"]  # noqa: S104


class Heard:
    """A client that collects what it is allowed to hear."""

    def __init__(self, port: int, user: str = "", password: str = "", topic: str = "#") -> None:
        self.payloads: list[bytes] = []
        self.refused = threading.Event()
        self.listening = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"test-{user}-{free_port()}")
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = lambda _c, _d, message: self.payloads.append(message.payload)
        self._topic = topic
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_connect(
        self, client: mqtt.Client, _d: object, _f: object, code: object, _p: object
    ) -> None:
        if code.is_failure:  # type: ignore[attr-defined]
            self.refused.set()
        else:
            client.subscribe(self._topic, 1)

    def _on_subscribe(self, _c: object, _d: object, _m: object, codes: list, _p: object) -> None:  # type: ignore[type-arg]
        (self.refused if codes[0].is_failure else self.listening).set()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_on_the_network_only_agents_with_a_password_are_heard(tmp_path: Path) -> None:
    """No password, no line; a password given while it runs works at once."""
    with School(tmp_path) as school:
        school.controller.close()
        school.agent.close()
        school.end_broker()
        open_to_the_network(school)
        password = give_password(school, "p203")
        school.controller.start()
        school.agent.start()
        until(lambda: get(f"{school.api}/healthz"), "the controller runs")
        until(lambda: "refused" in school.agent.log.read_text(), "the agent is refused")
        assert school.agents() == []
        school.agent.kill()
        school.agent._arguments += ["--broker-password-file", str(password)]
        school.agent.start()
        until(lambda: school.agents() and school.agents()[0]["online"], "the agent is heard")
        assert school.mark("hs-0001")[0] == 201
        until(school.marks, "its mark is stored")

        stranger = Heard(school.mqtt_port)
        assert stranger.refused.wait(LIMIT_S)
        stranger.close()

        late = give_password(school, "p207").read_text().strip()
        spy = until(lambda: _let_in(school.mqtt_port, "p207", late), "the new password is taken")
        spy.client.subscribe(f"{ROOT}/p203/command/#", 1)
        assert spy.refused.wait(LIMIT_S)  # another agent's commands are not for it
        forged = f"{ROOT}/p203/event"
        spy.client.publish(forged, b"forged", qos=1).wait_for_publish(10)
        own = f"{ROOT}/p207/event"
        spy.client.publish(own, b"malformed but its own", qos=1).wait_for_publish(10)
        until(lambda: 'flaw="malformed"' in request("GET", f"{school.api}/metrics")[1], "heard")
        _, metrics = request("GET", f"{school.api}/metrics")
        assert 'lophoc_messages_refused_total{flaw="malformed"} 1' in metrics
        spy.close()

        # A card that dies under the file stops nothing; it is said, and goes on once mended.
        passwords = school.folder / "controller" / "agents.json"
        whole = passwords.read_bytes()
        passwords.write_bytes(b"")
        until(lambda: "passwords it knows" in school.controller.log.read_text(), "it is said")
        until(lambda: _let_in(school.mqtt_port, "p207", late), "who was let in still is").close()
        passwords.write_bytes(whole)
        last = give_password(school, "p209").read_text().strip()
        until(lambda: _let_in(school.mqtt_port, "p209", last), "a new one is heard").close()


def _let_in(port: int, user: str, password: str) -> Heard | None:
    client = Heard(port, user, password, f"{ROOT}/{user}/command/#")
    if client.listening.wait(1):
        return client
    client.close()
    return None


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("lan", False)],  # noqa: S104
)
def test_what_counts_as_this_machine_alone(host: str, alone: bool) -> None:  # noqa: FBT001
    """Anything that is not surely loopback needs passwords."""
    assert is_this_machine(host) == alone


def test_passwords_are_for_their_owner_only(tmp_path: Path) -> None:
    """The broker's configuration and the password file are not for other users."""
    port = free_port()
    broker = EmbeddedBroker(
        tmp_path / "broker", "127.0.0.1", port, Place("14", "1"), {"controller": "secret"}
    )
    broker.prepare()
    assert (tmp_path / "broker" / "nats.conf").stat().st_mode & 0o077 == 0
    assert (BIN / "nats-server").exists()
    assert "secret" in config_text("127.0.0.1", 1, tmp_path, Place("1", "2"), {"a": "secret"})


def test_all_that_programs_keep_is_their_owners_alone(tmp_path: Path) -> None:
    """Whoever made the folder, whatever umask is usual; the broker's files and a command's, too."""
    before = os.umask(0o022)
    try:
        (tmp_path / "controller").mkdir()
        (tmp_path / "agent").mkdir()
        with School(tmp_path, is_true=True) as school:
            school.ready()
            assert school.mark("hs-1")[0] == 201
            until(school.marks, "its mark is stored")
            give_password(school, "p207")
            until(lambda: "p207" in (tmp_path / "controller" / "agents.json").read_text())
            assert [*readable_in(tmp_path / "controller"), *readable_in(tmp_path / "agent")] == []
    finally:
        os.umask(before)


def readable_in(folder: Path) -> Iterator[str]:
    """What others could look into, in the folder and itself."""
    for path in (folder, *paths_below(folder)):
        with contextlib.suppress(FileNotFoundError):
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                yield f"{mode:o} {path.relative_to(folder.parent)}"
