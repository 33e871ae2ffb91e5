"""Plays in tests what a real machine's udev told."""

from __future__ import annotations

from collections.abc import Iterable

from simulators.devices.udev import Properties, Script, TimedEvent, script_from


def script_of_trace(trace: str, bus: str, nodes: Iterable[Properties] = ()) -> Script:
    """Play the udev lines of a trace of `udevadm monitor` in their own time.

    trace: lines of "seconds source action node subsystem", source K (kernel) or U (udev), node
    below the path `bus`. nodes: properties of some; the others have no more than a trace tells.
    """
    by_path = {node["DEVPATH"]: node for node in nodes}
    events: list[TimedEvent] = []
    began_s: float | None = None
    for line in trace.splitlines():
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        at_s, source, action, name, subsystem = float(fields[0]), *fields[1:5]
        began_s = at_s if began_s is None else began_s
        if source == "U":
            path = f"{bus}/{name}"
            bare = {"DEVPATH": path, "SUBSYSTEM": subsystem}
            events.append(TimedEvent(at_s - began_s, action, by_path.get(path, bare)))
    return script_from(events)
