"""This file measures an idle agent: memory, CPU, messages; beside collectd and node_exporter."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from tests.flows.programs import Program, School
from tests.logins import as_controller
from tests.ports import free_port

SETTLE_S, WATCH_S = 20.0, 120.0
UDEV = Path("/run/udev")
UDEV_PROGRAM = Path("/lib/systemd/systemd-udevd")
# A udev in a view of the file system of its own; the agent keeps its process's number.
BESIDE_UDEV = f'mount -t tmpfs none {UDEV} && {{ {UDEV_PROGRAM} 2>/dev/null & }} && exec "$@"'


class WatchingProgram(Program):
    """An agent that watches USB by a real udev: the machine's, or one started for it."""

    @staticmethod
    def may_be() -> bool:
        """Whether this machine has a udev, or may start one beside it."""
        may_start = os.name == "posix" and os.getuid() == 0 and UDEV_PROGRAM.exists()
        return (UDEV / "control").exists() or (may_start and bool(shutil.which("unshare")))

    def _line(self) -> list[str]:
        if (UDEV / "control").exists():
            return super()._line()
        UDEV.mkdir(exist_ok=True)
        return ["unshare", "--mount", "sh", "-c", BESIDE_UDEV, "agent", *super()._line()]

    def close(self) -> None:
        """Leave no process behind, nor the udev."""
        helpers = [] if self.ended() else psutil.Process(self.pid).children()
        super().close()
        for helper in helpers:
            with contextlib.suppress(psutil.NoSuchProcess):
                helper.kill()


def measure(*, quick: bool) -> dict[str, object]:
    """Two minutes of nothing happening, everything side by side."""
    watch_s = 30.0 if quick else WATCH_S
    print(f"idle: {watch_s + SETTLE_S:.0f} s of nothing happening")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        school = School(Path(folder), is_true=True)
        if WatchingProgram.may_be():
            school.agent = WatchingProgram(*school.agent.words, is_true=True)
        else:
            print("idle: no udev here, USB is not watched")
        stack.enter_context(school)
        school.ready()
        processes = {"agent": psutil.Process(school.agent.pid)}
        processes |= dict(stack.enter_context(_neighbours(Path(folder), school.mqtt_port)))
        time.sleep(SETTLE_S)
        heard = stack.enter_context(_listening(school.mqtt_port, school.folder / "controller"))
        started = {name: sum(each.cpu_times()[:2]) for name, each in processes.items()}
        time.sleep(watch_s)
        figures: dict[str, object] = {
            "messages_per_minute": len(heard) * 60 / watch_s,
            "usb_watched": int(_watches_usb(processes["agent"])),
        }
        for name, process in processes.items():
            used_s = sum(process.cpu_times()[:2]) - started[name]
            figures[f"{name}_cpu_percent"] = 100 * used_s / watch_s
            figures[f"{name}_pss_mib"] = process.memory_full_info().pss / 2**20
    return figures


def _watches_usb(agent: psutil.Process) -> bool:
    """Whether it listens to udev: it has libudev's library in its memory, and a udev beside it."""
    maps = {Path(one.path).name.partition(".")[0] for one in agent.memory_maps()}
    return "libudev" in maps and WatchingProgram.may_be()


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
