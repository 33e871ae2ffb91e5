"""This file is the part of the door where people say what the room's equipment is and does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.classroom import DevicesChange
from agent.equipment.devices import Devices, DevicesStep, NamelessDevice
from agent.equipment.login_file import LoginText
from agent.equipment.merge import decision_name
from agent.local.refusals import DoorError, Shape, body_of, decode_body, invalid, json_response
from agent.local.surroundings import DeviceActions
from agent.placement import room_code
from agent.store import ClassroomAction, ClassroomStore
from hardware.readings import Kind
from protocol.words import N_

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class _Room(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    room: _Line


class _Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: _Line


class _Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind


class _Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ours: bool


class _Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: LoginText
    user: LoginText = ""


class _Other(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    other: _Id


class _Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decision: _Id


class _Camera(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    off: bool


class _Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool


_UNCLEAR: Final = N_("This request cannot be understood.")


class EquipmentDoor:
    """What people say of rooms and devices, each kept before it is answered."""

    def __init__(self, store: ClassroomStore, actions: DeviceActions) -> None:
        self._store = store
        self._actions = actions

    def routes(self) -> list[Route]:
        """The addresses of this part of the door."""
        device = "/api/v1/devices/{device_id}"
        return [
            Route("/api/v1/room", self.pick_room, methods=["POST"]),
            Route("/api/v1/camera", self.switch_camera, methods=["POST"]),
            Route("/api/v1/devices", self.add, methods=["POST"]),
            Route("/api/v1/devices/undo", self.undo, methods=["POST"]),
            Route(f"{device}/forget", self.forget, methods=["POST"]),
            Route(f"{device}/kind", self.answer, methods=["POST"]),
            Route(f"{device}/claim", self.claim, methods=["POST"]),
            Route(f"{device}/login", self.login, methods=["POST"]),
            Route(f"{device}/join", self.join, methods=["POST"]),
            Route(f"{device}/distinct", self.tell_apart, methods=["POST"]),
            Route(f"{device}/ask-again", self.ask_again, methods=["POST"]),
            Route(f"{device}/part", self.part, methods=["POST"]),
            Route(f"{device}/power", self.power, methods=["POST"]),
            Route(f"{device}/wake", self.wake, methods=["POST"]),
        ]

    async def pick_room(self, request: Request) -> Response:
        """The teacher says which room this is; a fixed computer keeps its own."""
        body = await _body(request, _Room)
        try:
            room = room_code(body.room)
        except ValueError as error:
            raise invalid(_UNCLEAR, str(error)) from error
        if not self._store.classroom.placement.roaming:
            raise DoorError(
                HTTPStatus.CONFLICT,
                "room_fixed",
                N_("This computer's room stands in its settings."),
                N_("Change the setting room, or set roaming to true."),
            )
        await self._store.do(lambda classroom, at_ms: classroom.pick(room, at_ms))
        return json_response({"room": room})

    async def switch_camera(self, request: Request) -> Response:
        """The room's cameras shall not be looked at, or may be again."""
        off = (await _body(request, _Camera)).off
        if self._store.classroom.camera_locked and not off:
            raise DoorError(
                HTTPStatus.CONFLICT,
                "camera_locked",
                N_("The cameras are switched off in this computer's settings."),
                N_("Set camera to on there, and start LopHoc again."),
            )
        await self._store.switch_camera(off=off)
        return json_response({"camera_off": off})

    async def add(self, request: Request) -> Response:
        """Look for a device at an address that was typed or scanned; 202: the look goes on."""
        body = await _body(request, _Address)
        try:
            typed = self._actions.typed(body.address)
        except ValueError as error:
            raise DoorError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "address_invalid",
                N_("This is no address of a device."),
                N_("Type it as on the device's own screen, such as 192.168.1.50."),
            ) from error
        await self._store.do(lambda room, _at_ms: room.add(typed))
        return json_response({"host": typed.host, "port": typed.port}, HTTPStatus.ACCEPTED)

    async def forget(self, request: Request) -> Response:
        """Forget a device, because a person says it is no longer the room's."""
        await body_of(request)
        device_id = request.path_params["device_id"]
        await self._do(lambda room, at_ms: room.forget(device_id, at_ms))
        return json_response({"device_id": device_id, "forgotten": True})

    async def answer(self, request: Request) -> Response:
        """A person says what a device is; it is not asked again."""
        kind = (await _body(request, _Kind)).kind
        device_id = request.path_params["device_id"]
        await self._change(lambda devices, at_ms: devices.answer(device_id, kind, at_ms))
        return json_response({"device_id": device_id, "kind": kind})

    async def claim(self, request: Request) -> Response:
        """A person says whether a device is this room's: if so it gets the room's password."""
        ours = (await _body(request, _Claim)).ours
        device_id = request.path_params["device_id"]
        try:
            await self._change(lambda devices, at_ms: devices.claim(device_id, at_ms, ours=ours))
        except NamelessDevice as error:
            raise _nameless() from error
        return json_response({"device_id": device_id, "ours": ours})

    async def login(self, request: Request) -> Response:
        """A person gives a device its own login; it is told nowhere again."""
        body = await _body(request, _Login)
        device_id = request.path_params["device_id"]
        try:
            await self._actions.login(device_id, body.user, body.password)
        except NamelessDevice as error:
            raise _nameless() from error
        except KeyError as error:
            raise _unknown() from error
        except OSError as error:
            raise DoorError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                "login_not_kept",
                N_("The password could not be kept: the disk takes nothing more."),
            ) from error
        return json_response({"device_id": device_id, "kept": bool(body.password)})

    async def join(self, request: Request) -> Response:
        """A person says that two devices are one."""
        other = (await _body(request, _Other)).other
        device_id = request.path_params["device_id"]
        decision = await self._decide(lambda devices, at_ms: devices.join(device_id, other, at_ms))
        return json_response({"device_id": device_id, "other": other, "decision": decision})

    async def tell_apart(self, request: Request) -> Response:
        """A person says that two devices are two; it is not asked again."""
        other = (await _body(request, _Other)).other
        device_id = request.path_params["device_id"]
        decision = await self._decide(
            lambda devices, at_ms: devices.tell_apart(device_id, other, at_ms)
        )
        return json_response({"device_id": device_id, "other": other, "decision": decision})

    async def ask_again(self, request: Request) -> Response:
        """Take back what was said of two devices."""
        other = (await _body(request, _Other)).other
        device_id = request.path_params["device_id"]
        await self._change(lambda devices, at_ms: devices.ask_again(device_id, other, at_ms))
        return json_response({"device_id": device_id, "other": other})

    async def part(self, request: Request) -> Response:
        """A person says that a device is several; a joining that ends so is no new decision."""
        await body_of(request)
        device_id = request.path_params["device_id"]
        decision = await self._decide(lambda devices, at_ms: devices.part(device_id, at_ms))
        return json_response({"device_id": device_id, "parted": True, "decision": decision})

    async def undo(self, request: Request) -> Response:
        """Take back one joining or parting, by the name that its own answer gave."""
        decision = (await _body(request, _Undo)).decision
        try:
            await self._store.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, at_ms: devices.undo(decision, at_ms), at_ms
                )
            )
        except KeyError as error:
            raise DoorError(
                HTTPStatus.CONFLICT,
                "decision_gone",
                N_("This does not stand any more: it was taken back, or said otherwise."),
                N_("Look at the devices again."),
            ) from error
        return json_response({"decision": decision, "undone": True})

    async def power(self, request: Request) -> Response:
        """Switch a projector or board on or off; says whether it followed."""
        on = (await _body(request, _Power)).on
        return await self._reach(request, lambda device_id: self._actions.switch(device_id, on))

    async def wake(self, request: Request) -> Response:
        """Send a wake-up; says whether the device answered then."""
        await body_of(request)
        return await self._reach(request, self._actions.wake)

    async def _decide(self, change: DevicesChange) -> str | None:
        """The name of the decision that a change makes; None where it makes no new one."""
        made: list[str] = []

        def note(devices: Devices, at_ms: int) -> DevicesStep:
            step = change(devices, at_ms)
            before = devices.decisions
            made.extend(map(decision_name, set(step.devices.decisions).difference(before)))
            return step

        await self._change(note)
        return made[0] if made else None

    async def _change(self, change: DevicesChange) -> None:
        await self._do(lambda room, at_ms: room.change_devices(change, at_ms))

    async def _do(self, action: ClassroomAction) -> None:
        try:
            await self._store.do(action)
        except KeyError as error:
            raise _unknown() from error

    async def _reach(self, request: Request, action: Callable[[str], Awaitable[bool]]) -> Response:
        device_id = request.path_params["device_id"]
        try:
            followed = await action(device_id)
        except KeyError as error:
            raise DoorError(
                HTTPStatus.NOT_FOUND,
                "device_unreachable",
                N_("This device cannot be switched from here."),
            ) from error
        return json_response({"device_id": device_id, "sent": True, "followed": followed})


def _nameless() -> DoorError:
    return DoorError(
        HTTPStatus.CONFLICT,
        "device_nameless",
        N_("This device tells nothing that it could be known by again."),
        N_("Set its serial number or its UUID, or connect it to this room's own network."),
    )


def _unknown() -> DoorError:
    return DoorError(HTTPStatus.NOT_FOUND, "device_unknown", N_("No such device is known here."))


async def _body(request: Request, shape: type[Shape]) -> Shape:
    return await decode_body(request, shape, _UNCLEAR)
