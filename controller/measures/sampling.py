"""This file says what of the present is measured now, and how things are up; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from controller.fleet.records import AgentRecord, DeviceRecord
from controller.measures.series import Measure, SeriesKey, UpMinutes, UpPart
from protocol.model import DeviceKind, Place, Status

_OF_HOSTS = (Measure.TEMPERATURE, Measure.DISK, Measure.BATTERY, Measure.WEAR, Measure.WIFI)
_OF_DEVICES = (Measure.LAMP, Measure.FILTER)
THIS_MACHINE = "host"  # the source of a room's own computer


def samples_of(
    agents: Iterable[AgentRecord], devices: Iterable[DeviceRecord]
) -> Iterator[tuple[SeriesKey, float]]:
    """What is measured now, of what is heard now: a computer's figures are those of its agent."""
    heard: Mapping[Place, AgentRecord] = {one.place: one for one in agents if one.online}
    for device in devices:
        agent = heard.get(device.place)
        if agent is None or device.status is Status.UNKNOWN:
            continue
        if device.kind is DeviceKind.HOST and THIS_MACHINE in device.sources:
            yield from _figures(device.device_id, agent.measures, _OF_HOSTS)
        elif device.measures is not None:
            yield from _figures(device.device_id, device.measures, _OF_DEVICES)


def _figures(
    thing: str, told: object, measures: Iterable[Measure]
) -> Iterator[tuple[SeriesKey, float]]:
    for measure in measures:
        value = getattr(told, measure.value)
        if value is not None:
            yield (thing, measure), float(value)


def minutes_of(devices: Iterable[DeviceRecord], day: str) -> dict[UpPart, UpMinutes]:
    """A minute of school of every device: up where nothing is wrong with it."""
    up, whole = Counter[UpPart](), Counter[UpPart]()
    for device in devices:
        if device.kind is DeviceKind.TABLET:  # at home with pupils, they are not broken
            continue
        model = f"{device.vendor} {device.model}".strip() if device.model else ""
        for part, name in (("room", device.room), ("maker", device.vendor), ("model", model)):
            if name:
                key = UpPart(day, part, name)
                whole[key] += 1
                up[key] += device.status in {Status.OK, Status.WARNING}
    return {key: UpMinutes(up[key], count) for key, count in whole.items()}
