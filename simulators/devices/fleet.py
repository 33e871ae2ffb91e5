"""This file simulates a whole network of mDNS devices, and the ways in which such devices fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from random import Random
from typing import Any, Final

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from simulators.announce import AT_ONCE, PlayedService, announce, info_of, withdraw
from simulators.equipment import mac_text

# What makes announce: type, port, TXT. {mac}, {hex}, {uuid} and {model} are a device's own.
# Source: the rows of hardware/matchers.toml, written down here anew so that both can disagree.
MAKES: Final[tuple[tuple[str, int, dict[str, str]], ...]] = (
    ("_axis-video._tcp", 80, {"macaddress": "{hex}"}),
    ("_airplay._tcp", 7000, {"deviceid": "{mac}", "manufacturer": "SMART", "model": "MX265"}),
    ("_androidtvremote2._tcp", 6466, {"bt": "{mac}"}),
    ("_googlecast._tcp", 8009, {"id": "{uuid}", "fn": "{name}", "md": "MiTV", "ca": "264709"}),
    ("_ipp._tcp", 631, {"UUID": "{uuid}", "ty": "EPSON L3150", "usb_MFG": "EPSON"}),
    ("_companion-link._tcp", 49152, {"rpMd": "iPad13,18", "rpVr": "510.71.1"}),
    ("_workstation._tcp", 9, {}),
    ("_raop._tcp", 7000, {"am": "MX265"}),
    ("_ipps._tcp", 631, {"UUID": "{uuid}", "ty": "EPSON L3150"}),
    ("_uscan._tcp", 80, {"uuid": "{uuid}", "ty": "EPSON L3150"}),
    ("_printer._tcp", 515, {"UUID": "{uuid}", "ty": "EPSON L3150"}),
    ("_pdl-datastream._tcp", 9100, {"UUID": "{uuid}", "ty": "EPSON L3150"}),
    ("_axis-nvr._tcp", 80, {"macaddress": "{hex}"}),
    ("_psia._tcp", 80, {}),
    ("_cgi._tcp", 80, {}),
    ("_onvif._tcp", 80, {}),
    ("_rtsp._tcp", 554, {}),
    ("_webos._tcp", 3000, {}),
    ("_lge-app-remote._tcp", 8080, {}),
    ("_adb-tls-connect._tcp", 37000, {}),
)
TYPES: Final = tuple(type_ for type_, _, _ in MAKES)
# How a device writes its name, where its type asks for more than that.
_INSTANCES: Final = {
    "_workstation._tcp": "{name} [{mac}]",
    "_raop._tcp": "{hex}@{name}",
    "_adb-tls-connect._tcp": "adb-{hex}-aB3xYz",
}
# Longer by one than RFC 6335 allows; Android TV's own type is as long.
LONG_TYPE: Final = "_sixteen-letters._tcp.local."
_PREFIX: Final = "000ec6"
_SHARED: Final = "000ec6000001"
_EXAMPLE: Final = "00123456789a"
_BRIDGE: Final = "fe80::1"
_GARBAGE_BYTES: Final = 200


class FleetFault(StrEnum):
    """What may be wrong with a fleet from the start; the rest is done to one device at a time.

    shared_mac: whatever tells a MAC tells the same. loudspeakers: what casts shows no picture.
    groups: it is a name for several. empty_printers: a second service that says nothing. mirrors:
    what casts is a program on a computer. example_mac: as shared_mac, the MAC of a chip's example.
    bridges: it holds containers, and announces their bridge beside its own address, as all such do.
    """

    DUPLICATE_IDS = "duplicate_ids"
    IPV6_ONLY = "ipv6_only"
    LONG_TYPE = "long_type"
    GARBAGE_TXT = "garbage_txt"
    SHARED_MAC = "shared_mac"
    LOUDSPEAKERS = "loudspeakers"
    GROUPS = "groups"
    EMPTY_PRINTERS = "empty_printers"
    MIRRORS = "mirrors"
    EXAMPLE_MAC = "example_mac"
    BRIDGES = "bridges"


@dataclass(frozen=True, slots=True)
class Voice:
    """One device's announcement. addresses: its own; those of its responder where empty.

    raw: a TXT record as it goes out, in place of the service's own. more: addresses beside its own.
    """

    service: PlayedService
    addresses: tuple[str, ...] = ()
    raw: bytes | None = None
    more: tuple[str, ...] = ()


def fleet(rooms: Sequence[str], devices_a_room: int) -> tuple[Voice, ...]:
    """Give so many devices a room, of each make in its turn; always the same. Pure."""
    return tuple(
        _voice(room, number, position * devices_a_room + number)
        for position, room in enumerate(rooms)
        for number in range(devices_a_room)
    )


def spoilt(voices: Sequence[Voice], faults: Collection[FleetFault], seed: int) -> tuple[Voice, ...]:
    """Give the fleet with these faults: each touches every device that it can. Pure."""
    chance = Random(seed)  # noqa: S311 - a simulation that can be repeated
    spoilt = list(voices)
    if FleetFault.DUPLICATE_IDS in faults:
        first = {voice.service.type: voice.service.txt for voice in reversed(spoilt)}
        spoilt = [_serving(voice, txt=first[voice.service.type]) for voice in spoilt]
    for fault, change in _CHANGES.items():
        if fault in faults:
            spoilt = [one for voice in spoilt for one in change(voice)]
    if FleetFault.LONG_TYPE in faults:
        spoilt = [_serving(voice, type=LONG_TYPE) for voice in spoilt]
    if FleetFault.GARBAGE_TXT in faults:
        spoilt = [replace(voice, raw=chance.randbytes(_GARBAGE_BYTES)) for voice in spoilt]
    if FleetFault.IPV6_ONLY in faults:
        named = enumerate(spoilt, 1)
        spoilt = [replace(voice, addresses=(f"fe80::{count:x}",)) for count, voice in named]
    return tuple(spoilt)


class PlayedFleet:
    """Speaks for a network of devices. addresses: one responder on each of these of our own.

    at_once: how many announce themselves in one breath.
    """

    def __init__(
        self, voices: Iterable[Voice], addresses: Sequence[str], *, at_once: int = AT_ONCE
    ) -> None:
        self.voices = list(voices)
        self._at_once = at_once
        self._addresses = tuple(addresses)
        self._responders: list[AsyncZeroconf] = []
        self._infos: dict[str, AsyncServiceInfo] = {}

    @contextlib.asynccontextmanager
    async def announce(self) -> AsyncIterator[None]:
        """Announce all while the block runs, then say goodbye for all that were not unplugged.

        Raises OSError where an address is not ours.
        """
        async with contextlib.AsyncExitStack() as stack:
            for address in self._addresses:
                responder = AsyncZeroconf(interfaces=[address])
                self._responders.append(await stack.enter_async_context(responder))
            services = [self._service(count, voice) for count, voice in enumerate(self.voices)]
            for start in range(0, len(services), self._at_once):
                breath = services[start:][: self._at_once]
                await asyncio.gather(*(announce(responder, [info]) for responder, info in breath))
            yield
        self._responders.clear()

    async def unplug(self, voice: Voice) -> None:
        """It goes without a goodbye: its records live on in every cache."""
        info = self._infos[name_of(voice)]
        self._responder(voice).zeroconf.registry.async_remove(info)

    async def switch_off(self, voice: Voice) -> None:
        """It says goodbye."""
        await withdraw(self._responder(voice), self._infos[name_of(voice)])

    async def rename(self, voice: Voice, instance: str) -> Voice:
        """Somebody gives it another name, which is another service. Gives the new one."""
        await self.switch_off(voice)
        renamed = _serving(voice, instance=instance)
        turn = self._turn(voice)
        self.voices[self.voices.index(voice)] = renamed
        await announce(self._responders[turn], [self._info(turn, renamed)])
        return renamed

    async def move(self, voice: Voice, address: str) -> Voice:
        """It has another address from now on, and says so under its old name. Gives the new one."""
        moved = replace(voice, addresses=(address,))
        info = self._info(self._turn(voice), moved)
        await (await self._responder(voice).async_update_service(info))
        self.voices[self.voices.index(voice)] = moved
        return moved

    def _service(self, count: int, voice: Voice) -> tuple[AsyncZeroconf, AsyncServiceInfo]:
        turn = count % len(self._responders)
        return self._responders[turn], self._info(turn, voice)

    def _turn(self, voice: Voice) -> int:
        return self.voices.index(voice) % len(self._responders)

    def _responder(self, voice: Voice) -> AsyncZeroconf:
        return self._responders[self._turn(voice)]

    def _info(self, turn: int, voice: Voice) -> AsyncServiceInfo:
        own = voice.addresses or (self._addresses[turn],)
        addresses = [_pack(one) for one in (*own, *voice.more)]
        info = info_of(voice.service, addresses, voice.raw)
        self._infos[name_of(voice)] = info
        return info


def name_of(voice: Voice) -> str:
    """The full name of what a device announces."""
    return f"{voice.service.instance}.{voice.service.type}"


def _sharing(mac: str) -> Callable[[Voice], Iterable[Voice]]:
    def change(voice: Voice) -> Iterable[Voice]:
        texts = {"{mac}": mac_text(mac), "{hex}": mac}
        shape = {type_: txt for type_, _, txt in MAKES}[voice.service.type.removesuffix(".local.")]
        same = {key: texts[text] for key, text in shape.items() if text in texts}
        yield _serving(voice, txt={**voice.service.txt, **same})

    return change


def _casting(capabilities: str, model: str) -> Callable[[Voice], Iterable[Voice]]:
    def change(voice: Voice) -> Iterable[Voice]:
        casts = voice.service.type.startswith("_googlecast.")
        more = {"ca": capabilities, "md": model} if casts else {}
        yield _serving(voice, txt={**voice.service.txt, **more})

    return change


def _mirroring(voice: Voice) -> Iterable[Voice]:
    digest = sha256(voice.service.instance.encode()).hexdigest().upper()
    casts = voice.service.type.startswith("_googlecast.")
    yield _serving(voice, host=f"DESKTOP-{digest[:7]}.local") if casts else voice


def _with_bridge(voice: Voice) -> Iterable[Voice]:
    yield replace(voice, more=(_BRIDGE,))


def _with_empty_printer(voice: Voice) -> Iterable[Voice]:
    yield voice
    if voice.service.type.startswith("_ipp."):
        yield _serving(voice, type="_printer._tcp.local.", port=515, txt={})


# Source: Skyost/Bonsoir issue 49; Chromium's names of the bits of `ca`; OpenPrinting/ipp-usb
# issue 22; home-assistant/core issues 162687 and 59218; names that Windows gives.
_CHANGES: Final[Mapping[FleetFault, Callable[[Voice], Iterable[Voice]]]] = {
    FleetFault.SHARED_MAC: _sharing(_SHARED),
    FleetFault.EXAMPLE_MAC: _sharing(_EXAMPLE),
    FleetFault.MIRRORS: _mirroring,
    FleetFault.LOUDSPEAKERS: _casting("199172", "Google Nest Mini"),
    FleetFault.GROUPS: _casting("199204", "Google Cast Group"),
    FleetFault.EMPTY_PRINTERS: _with_empty_printer,
    FleetFault.BRIDGES: _with_bridge,
}


def _serving(voice: Voice, **changes: Any) -> Voice:
    return replace(voice, service=voice.service._replace(**changes))


def _voice(room: str, number: int, index: int) -> Voice:
    type_, port, txt = MAKES[index % len(MAKES)]
    digest = sha256(f"{room}/{number}".encode()).hexdigest()
    marks = {
        "name": f"{room}-{number:02}",
        "hex": _PREFIX + digest[:6],
        "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-8{digest[15:18]}-{digest[18:30]}",
    }
    marks["mac"] = mac_text(marks["hex"])
    return Voice(
        PlayedService(
            f"{type_}.local.",
            _INSTANCES.get(type_, "{name}").format(**marks),
            f"net-{digest[:12]}.local",
            port,
            {key: value.format(**marks) for key, value in txt.items()},
        )
    )


def _pack(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
