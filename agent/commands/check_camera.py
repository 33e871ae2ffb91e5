"""This file checks one camera, picture or film for a person who asks: a sentence, or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from hardware.camera.shutter import Shutter
from hardware.camera.watch import is_camera, look, look_at_file, target_of
from hardware.http.login import WebLogin
from hardware.network.place import shown_url
from hardware.readings import CameraReading, CameraState, SenseMissing
from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.loop import run_async
from protocol.words import N_, preferred_language, translator

_STATES: Final[Mapping[CameraState, str]] = {
    CameraState.OK: N_("The picture is good."),
    CameraState.FROZEN: N_("The picture stands still: switch the camera off and on again."),
    CameraState.BLACK: N_("The picture is black: take off the lens cap, or switch on the light."),
    CameraState.OVEREXPOSED: N_("The picture is too bright: turn the camera away from the light."),
    CameraState.COVERED: N_("The lens is covered: clear what is in front of it."),
    CameraState.COLOUR_CAST: N_("The colours are wrong: check the white balance and the cable."),
    CameraState.PARTLY_COVERED: N_(
        "Much of the picture is hidden: clear what is in front of the lens."
    ),
    CameraState.BLURRED: N_("The picture is blurred: clean the lens and set its focus."),
    CameraState.SLOW: N_(
        "Only {fps} {fps:picture a second comes|pictures a second come}: check the network and"
        " the settings."
    ),
}
_NO_ANSWER: Final = N_("The camera does not answer: check its power, its cable and its address.")
_REASONS: Final[Mapping[str, str]] = {
    "needs_password": N_("The camera wants a user name and password, or refuses those given."),
    "basic_only": N_("The camera takes its password in clear only: it did not get it."),
    "login_way": N_(
        "The camera wants its password in a way that LopHoc does not know: switch its Digest"
        " login on."
    ),
    "no_answer": _NO_ANSWER,
    "stalled": N_("The camera stopped in the middle: switch it off and on again."),
    "nonsense": N_("It answers, but what comes is no picture: check the address."),
    "in_use": N_("The camera is in use: close the other program, or try again later."),
    "no_rights": N_("You may not open this camera: join the group video."),
}


class CameraCheckError(LopHocError):
    """There is nothing that could be checked; `code` says why, `hint` what to do."""


def check(
    target: str,
    *,
    as_json: bool,
    environ: Mapping[str, str],
    shutter: Shutter,
    user: str = "",
    password: str = "",
) -> str:
    """Look at a file, URL or device node once; the answer as text ready to print.

    A live camera takes 6 to 12 seconds. Raises CameraCheckError where there is no such file, or
    it is neither a picture nor a film, the room's cameras are off, or this computer cannot look
    at pictures.
    """
    try:
        reading = run_async(_look_at(target, user, password, shutter))
    except SenseMissing as error:
        message = N_("This computer cannot look at pictures.")
        hint = N_("Install python3-opencv or opencv-python-headless.")
        raise CameraCheckError(error.code, message, hint) from error
    if as_json:
        return json_of(printable(target), reading) + "\n"
    return f"{printable(target)}: {sentence_of(reading, preferred_language(environ))}\n"


def printable(target: str) -> str:
    """A target as it may be printed: of a URL scheme, host and the path's last word, no more.

    Cheap cameras want user, password or a token anywhere in their addresses.
    """
    whole = target.encode("utf-8", "replace").decode()
    return shown_url(whole) if "://" in whole else whole


def json_of(target: str, reading: CameraReading) -> str:
    """The reading as one JSON object: file, state, measures, and reason where there is one."""
    tree: dict[str, Any] = {
        "file": target,
        "state": reading.state,
        "measures": dict(reading.measures),
    }
    if reading.reason:
        tree["reason"] = reading.reason
    return msgspec.json.format(msgspec.json.encode(tree)).decode()


def sentence_of(reading: CameraReading, language: str) -> str:
    """What it is, and what to do, in the language."""
    text = _STATES.get(reading.state) or _REASONS.get(reading.reason, _NO_ANSWER)
    fps = reading.measures.get("fps", 0.0)
    return phrase(text, translator(language), fps=fps)


async def _look_at(target: str, user: str, password: str, shutter: Shutter) -> CameraReading:
    if is_camera(target):
        if not shutter.is_open():
            message = N_("The cameras of this room are switched off.")
            hint = N_("A person in the room switches them on again, in LopHoc's window.")
            raise CameraCheckError("camera_off", message, hint)
        typed = target_of("", target, WebLogin(user, password, is_typed=True))
        return await look(typed, shutter)
    if "://" in target:
        message = N_("{target} is no address of a camera.")
        hint = N_("Such an address begins with http, https or rtsp.")
        raise CameraCheckError("camera_address_unfit", message, hint, target=printable(target))
    return await _look_at_file(target)


async def _look_at_file(target: str) -> CameraReading:
    path = Path(target)
    if not await asyncio.to_thread(path.is_file):
        message = N_("There is no file {path}.")
        hint = N_("Check its name, or give the address of a camera.")
        raise CameraCheckError("camera_file_missing", message, hint, path=target)
    reading = await look_at_file(path)
    if reading.reason:
        message = N_("{path} is no picture and no film that can be read.")
        hint = N_("Give a picture such as JPEG or PNG, or a film such as MP4.")
        raise CameraCheckError("camera_file_unfit", message, hint, path=target)
    return reading
