"""This file measures an idle agent: memory, CPU, messages; beside collectd and node_exporter."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from tests.flows.programs import School
from tests.logins import as_controller
from tests.ports import free_port

SETTLE_S, WATCH_S = 20.0, 120.0


def measure(*, quick: bool) -> dict[str, object]:
    """Two minutes of nothing happening, everything side by side."""
    watch_s = 30.0 if quick else WATCH_S
    print(f"idle: {watch_s + SETTLE_S:.0f} s of nothing happening")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        school = stack.enter_context(School(Path(folder), is_true=True))
        school.ready()
        processes = {"agent": psutil.Process(school.agent.pid)}
        processes |= dict(stack.enter_context(_neighbours(Path(folder), school.mqtt_port)))
        time.sleep(SETTLE_S)
        heard = stack.enter_context(_listening(school.mqtt_port, school.folder / "controller"))
        started = {name: sum(each.cpu_times()[:2]) for name, each in processes.items()}
        time.sleep(watch_s)
        figures: dict[str, object] = {"messages_per_minute": len(heard) * 60 / watch_s}
        for name, process in processes.items():
            used_s = sum(process.cpu_times()[:2]) - started[name]
            figures[f"{name}_cpu_percent"] = 100 * used_s / watch_s
            figures[f"{name}_pss_mib"] = process.memory_full_info().pss / 2**20
    return figures


@contextlib.contextmanager
def _listening(port: int, data: Path) -> Iterator[list[str]]:
    """What agents say meanwhile: topics of everything but the controller's own."""
    heard: list[str] = []

    def note(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if not message.retain and "/command/" not in message.topic:
            heard.append(message.topic)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-listener")
    client.on_message = note
    as_controller(client, data).connect("127.0.0.1", port)
    client.subscribe("lophoc/v1/14/00140708/p203/#", 1)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@contextlib.contextmanager
def _neighbours(folder: Path, mqtt_port: int) -> Iterator[list[tuple[str, psutil.Process]]]:
    """Run collectd with its MQTT plugin and node_exporter, where they are installed."""
    commands = {}
    if collectd := _program("collectd"):
        config = folder / "collectd.conf"
        plugins = ("cpu", "memory", "df", "load", "uptime", "battery", "sensors", "mqtt")
        loads = "\n".join(f"LoadPlugin {name}" for name in plugins)
        config.write_text(
            f'Interval 10\nBaseDir "{folder}"\n{loads}\n<Plugin mqtt>\n<Publish "bench">\n'
            f'Host "127.0.0.1"\nPort "{mqtt_port}"\n</Publish>\n</Plugin>\n'
        )
        commands["collectd"] = [collectd, "-f", "-C", str(config)]
    if exporter := _program("prometheus-node-exporter"):
        address = f"--web.listen-address=127.0.0.1:{free_port()}"
        commands["node_exporter"] = [exporter, address]
    started = {
        name: subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name, command in commands.items()
    }
    try:
        yield [(name, psutil.Process(process.pid)) for name, process in started.items()]
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
