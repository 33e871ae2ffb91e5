"""This file draws pictures of a class that holds up its cards, and of what is no such card.

The same seed gives the same picture. OpenCV draws the markers itself, so that it can disagree
with the patterns of protocol/markers.py; like pictures.py it is imported only where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, dist, exp, hypot, log, radians, sin
from random import Random
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

from simulators.devices.pictures import FULL_HD, Frame, Size, jpeg

if TYPE_CHECKING:
    from cv2.typing import MatLike

__all__ = [
    "FULL_HD",
    "Scene",
    "ShownCard",
    "Take",
    "class_of",
    "clutter",
    "door",
    "foreign",
    "picture_of",
]

_SHEET_MM: Final = (210.0, 297.0)
_MARKER_MM: Final = 180.0
_FOCUS_PX: Final = 1185.0  # of a full-HD camera that sees 78 degrees
_CELLS: Final = 11  # of a card: the marker's seven, and two of white around
_MARKER: Final = 7
_TEXEL: Final = 8  # px of a cell, as drawn
_LITTLE: Final = 0.2  # px of blur that is not worth drawing
_FINE: Final = 3  # so many times finer than the frame is a card laid into it
_ROUND: Final = 8  # pictures that a simulated camera shows in turn
_FOREIGN: Final = (
    cv2.aruco.DICT_4X4_50,
    cv2.aruco.DICT_6X6_250,
    cv2.aruco.DICT_7X7_250,
    cv2.aruco.DICT_ARUCO_ORIGINAL,
    cv2.aruco.DICT_APRILTAG_16H5,
    cv2.aruco.DICT_APRILTAG_25H9,
    cv2.aruco.DICT_APRILTAG_36H11,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """How hard it is. Ranges: side of the marker [px], tilt [degrees], motion and defocus [px].

    printed: A4 sheets as the controller prints them, each before a pupil, among screens and faces.
    gripped: share of them with fingers over one edge of the marker; fingers: how many, nine hide
    the whole edge. shaken: share of pictures in which the camera moved, not the hands.
    """

    cards: int = 40
    side: tuple[float, float] = (20.0, 120.0)
    tilt: tuple[float, float] = (0.0, 55.0)
    motion: tuple[float, float] = (0.0, 4.0)
    defocus: tuple[float, float] = (0.0, 1.3)
    noise: tuple[float, float] = (2.0, 9.0)
    light: tuple[float, float] = (0.45, 1.1)
    covered: float = 0.15  # share of cards with a finger on the marker
    size: Size = FULL_HD
    printed: bool = False
    gripped: float = 0.0
    fingers: tuple[int, ...] = (1, 1, 1, 2, 3)
    shaken: float = 0.0


_DOOR: Final = Scene(motion=(0.0, 1.5), defocus=(0.0, 0.8), noise=(2.0, 5.0), covered=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """One card in a picture: its id, where it is, how it is held. side: before the tilt [px]."""

    id: int
    centre: tuple[float, float]
    side: float
    tilt: float = 0.0
    axis: float = 0.0  # about which it is tilted [degrees]
    turn: float = 0.0  # in its own plane [degrees]
    motion: tuple[float, float] = (0.0, 0.0)
    covered: bool = False
    grip: Grip | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """Fingers over an edge, in sides of the marker.

    edge: 0 to 3. at: along it, from its middle. deep: how far they reach into the marker.
    """

    edge: int
    at: float
    deep: float
    thick: float
    fingers: int
    slant: float
    shade: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A picture, and what is in it. jpeg: as the camera sends it; grey: as it is after that."""

    jpeg: bytes
    cards: tuple[ShownCard, ...] = ()

    @property
    def grey(self) -> Frame:
        """Shape (height, width)."""
        packed = np.frombuffer(self.jpeg, np.uint8)
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass(frozen=True, slots=True)
class _Lens:
    """One exposure. light: a factor. defocus: sigma [px]."""

    setting: Scene
    light: float
    defocus: float


def class_of(
    seed: int, setting: Scene = Scene(), *, frames: int = 1, ids: Iterable[int] | None = None
) -> list[Take]:
    """Pictures of one class, some tenths of a second apart: who sits where stays, hands move.

    ids: of the cards; by default as many as the setting has, from 1.
    """
    luck = _luck("class", seed)
    chosen = list(ids) if ids is not None else luck.sample(range(1, 50), setting.cards)
    held = _seat(chosen, setting, luck)
    ground = _ground(luck, setting.size)
    draw = _sheet if setting.printed else _card
    if setting.printed:
        ground = _furnish(ground, held, luck)
    light, defocus = luck.uniform(*setting.light), luck.uniform(*setting.defocus)
    takes = []
    for number in range(frames):
        luck_now = _luck("class", seed, number)
        textures = {card.id: draw(_marker(cv2.aruco.DICT_5X5_250, card.id)) for card in held}
        takes.append(_expose(ground, held, textures, luck_now, _Lens(setting, light, defocus)))
        held = [_move(card, setting, luck_now) for card in held]
        if setting.shaken and luck_now.random() < setting.shaken:
            held = _shake(held, setting, luck_now)
    return takes


def clutter(seed: int, size: Size = FULL_HD) -> Take:
    """A picture without any card: posters, windows, text, chequered cloth, grids."""
    luck = _luck("clutter", seed)
    ground = _ground(luck, size, things=260)
    return _expose(ground, [], {}, luck, _Lens(Scene(size=size), 0.9, 0.3))


def foreign(seed: int, size: Size = FULL_HD) -> Take:
    """A class that holds up tags of other kinds: other ArUco dictionaries, AprilTags."""
    luck = _luck("foreign", seed)
    setting = Scene(side=(24.0, 120.0), size=size)
    held = _seat(list(range(setting.cards)), setting, luck)
    textures = {card.id: _card(_marker(luck.choice(_FOREIGN), luck.randrange(30))) for card in held}
    take = _expose(_ground(luck, size), held, textures, luck, _Lens(setting, 0.9, 0.5))
    return replace(take, cards=())  # none of them is a card


def door(
    seed: int,
    texts: list[str],
    *,
    side: tuple[float, float] = (90.0, 200.0),
    tilt: float = 45.0,
    size: Size = FULL_HD,
) -> Take:
    """Cards with these texts as QR codes (version 2 or as needed, level Q) before the camera.

    side: of the code without its margin [px].
    """
    luck = _luck("door", seed)
    setting = replace(_DOOR, side=side, tilt=(0.0, tilt), size=size)
    held = _seat(list(range(len(texts))), setting, luck)
    textures = {number: _card(_qr(text)) for number, text in enumerate(texts)}
    ground = _ground(luck, size)
    lens = _Lens(setting, luck.uniform(0.6, 1.05), luck.uniform(*setting.defocus))
    return _expose(ground, held, textures, luck, lens)


def picture_of(
    ids: Iterable[int] = range(1, 13), *, side: tuple[float, float] = (40.0, 70.0)
) -> Callable[[int, str, Size, int], bytes]:
    """What a simulated camera shows of a class with these cards, whatever else is wrong with it.

    side: of the markers [px].
    """
    card_ids = tuple(ids)

    @lru_cache(maxsize=4)
    def takes_of(seed: int, size: Size) -> list[Take]:
        setting = Scene(side=side, covered=0.0, size=size)
        return class_of(seed, setting, frames=_ROUND, ids=card_ids)

    return lambda seed, _fault, size, number: takes_of(seed, size)[number % _ROUND].jpeg


def _marker(dictionary: int, marker_id: int) -> Frame:
    """A marker with its border, one cell a pixel or more."""
    markers = cv2.aruco.getPredefinedDictionary(dictionary)
    cells = markers.markerSize + 2
    drawn = cv2.aruco.generateImageMarker(markers, marker_id, cells)
    return np.asarray(drawn, np.uint8)


def _qr(text: str) -> Frame:
    """A QR code, one module a pixel."""
    code = segno.make(text, error="q", micro=False, boost_error=False)
    return np.array([[0 if dark else 255 for dark in row] for row in code.matrix], np.uint8)


def _card(pattern: Frame) -> Frame:
    """White paper with the pattern in its middle, as large as a marker is on a card."""
    wide = _CELLS * _TEXEL * 2
    inner = _MARKER * _TEXEL * 2
    edge = (wide - inner) // 2
    card = np.full((wide, wide), 235, np.uint8)
    enlarged = cv2.resize(pattern, (inner, inner), interpolation=cv2.INTER_NEAREST)
    card[edge : edge + inner, edge : edge + inner] = np.clip(enlarged, 22, 235)
    return card


def _sheet(pattern: Frame) -> Frame:
    """A printed sheet: the marker across nearly the whole of A4, grey words below it."""
    scale = _TEXEL * 2 * _MARKER / _MARKER_MM
    wide, high = (round(side * scale) for side in _SHEET_MM)
    sheet = np.full((high, wide), 235, np.uint8)
    inner = _TEXEL * 2 * _MARKER
    left, top = (wide - inner) // 2, (high - inner) // 2
    enlarged = cv2.resize(pattern, (inner, inner), interpolation=cv2.INTER_NEAREST)
    sheet[top : top + inner, left : left + inner] = np.clip(enlarged, 22, 235)
    cv2.rectangle(sheet, (wide // 2 - 6, high - 6), (wide // 2 + 6, high - 5), 150, -1)
    return sheet


def _grip(setting: Scene, luck: Random) -> Grip | None:
    if not setting.gripped or luck.random() >= setting.gripped:
        return None
    return Grip(
        edge=luck.randrange(4),
        at=luck.uniform(-0.4, 0.4),
        deep=luck.uniform(0.04, 0.18),
        thick=luck.uniform(0.10, 0.15),
        fingers=luck.choice(setting.fingers),
        slant=luck.gauss(0, 15),
        shade=luck.uniform(90, 190),
    )


def _furnish(
    ground: NDArray[np.float32], held: list[ShownCard], luck: Random
) -> NDArray[np.float32]:
    """The room's screens, and behind each card a pupil: clothes of any shade, a face, hair."""
    room = np.ascontiguousarray(ground.astype(np.uint8))
    high, wide = room.shape
    for _ in range(4):
        at, side = (luck.randrange(wide), luck.randrange(high)), luck.randrange(30, 200)
        _lay_screen(room, at, side, luck)
    for card in sorted(held, key=lambda card: card.side):
        x, y = card.centre
        body = ((x, y + 0.6 * card.side), (2.2 * card.side, 2.6 * card.side), luck.gauss(0, 6))
        cv2.ellipse(room, body, luck.randrange(15, 240), -1, cv2.LINE_AA)
        face = (x + luck.gauss(0, 0.4) * card.side, y - 1.35 * card.side)
        _lay_face(room, face, 0.9 * card.side, luck)
    return cv2.GaussianBlur(room.astype(np.float32), (0, 0), 0.7).astype(np.float32)


def _lay_screen(room: Frame, at: tuple[int, int], side: int, luck: Random) -> None:
    """A dark frame with something bright in it."""
    x, y = at
    frame = max(2, side // luck.randrange(6, 20))
    cv2.rectangle(room, (x, y), (x + side * 16 // 10, y + side), luck.randrange(10, 40), -1)
    inner = (x + frame, y + frame), (x + side * 16 // 10 - frame, y + side - frame)
    cv2.rectangle(room, *inner, luck.randrange(180, 255), -1)
    for _ in range(luck.randrange(12)):
        left, top = luck.randrange(*_span(inner, 0)), luck.randrange(*_span(inner, 1))
        right, bottom = left + luck.randrange(2, side), top + luck.randrange(1, max(2, side // 6))
        corner = (min(right, inner[1][0]), min(bottom, inner[1][1]))
        cv2.rectangle(room, (left, top), corner, luck.randrange(20, 200), -1)


def _span(box: tuple[tuple[int, int], tuple[int, int]], axis: int) -> tuple[int, int]:
    return box[0][axis], max(box[1][axis], box[0][axis] + 1)


def _lay_face(room: Frame, at: tuple[float, float], high: float, luck: Random) -> None:
    x, y = at
    skin = luck.randrange(110, 200)
    cv2.ellipse(room, ((x, y - 0.12 * high), (0.85 * high, high), 0), 30, -1, cv2.LINE_AA)
    cv2.ellipse(room, ((x, y), (0.7 * high, 0.95 * high), 0), skin, -1, cv2.LINE_AA)
    for eye in (-0.16, 0.16):
        middle = (x + eye * high, y - 0.08 * high)
        cv2.ellipse(room, (middle, (0.14 * high, 0.07 * high), 0), 40, -1, cv2.LINE_AA)
    mouth = ((x, y + 0.24 * high), (0.25 * high, 0.06 * high), 0)
    cv2.ellipse(room, mouth, skin - 50, -1, cv2.LINE_AA)


def _seat(ids: list[int], setting: Scene, luck: Random) -> list[ShownCard]:
    """The cards in places that do not overlap, the large ones first."""
    sizes = sorted((exp(luck.uniform(*map(log, setting.side))) for _ in ids), reverse=True)
    width, height = setting.size
    held: list[ShownCard] = []
    for marker_id, side in zip(luck.sample(ids, len(ids)), sizes, strict=True):
        reach = _reach(side)
        for _ in range(2000):
            centre = (luck.uniform(reach, width - reach), luck.uniform(reach, height - reach))
            if all(dist(centre, card.centre) > reach + _reach(card.side) for card in held):
                held.append(_pose(marker_id, centre, side, setting, luck))
                break
    return held


def _reach(side: float) -> float:
    """Half of a card's diagonal [px]."""
    return side * _CELLS / _MARKER * 0.72 + 3


def _pose(
    marker_id: int, centre: tuple[float, float], side: float, setting: Scene, luck: Random
) -> ShownCard:
    return ShownCard(
        id=marker_id,
        centre=centre,
        side=side,
        tilt=luck.uniform(*setting.tilt),
        axis=luck.uniform(0, 360),
        turn=luck.uniform(0, 360),
        motion=_jolt(setting, luck),
        covered=luck.random() < setting.covered,
        grip=_grip(setting, luck),
    )


def _jolt(setting: Scene, luck: Random) -> tuple[float, float]:
    length, way = luck.uniform(*setting.motion), radians(luck.uniform(0, 360))
    return length * cos(way), length * sin(way)


def _move(held: ShownCard, setting: Scene, luck: Random) -> ShownCard:
    """The same hand a moment later: a pose is much like the one before it."""
    low, high = setting.tilt
    reach = _reach(held.side)
    x, y = (at + luck.gauss(0, 0.06) * held.side for at in held.centre)
    width, height = setting.size
    return replace(
        held,
        centre=(min(max(x, reach), width - reach), min(max(y, reach), height - reach)),
        tilt=min(max(held.tilt + luck.gauss(0, 5), low), high),
        axis=held.axis + luck.gauss(0, 8),
        turn=held.turn + luck.gauss(0, 4),
        motion=_jolt(setting, luck),
    )


def _shake(held: list[ShownCard], setting: Scene, luck: Random) -> list[ShownCard]:
    """The camera moved: all cards as one, and by as much they are smeared."""
    jolt = _jolt(setting, luck)
    away = (luck.gauss(0, 1), luck.gauss(0, 1))
    wide, high = setting.size
    moved = []
    for card in held:
        reach = _reach(card.side)
        x, y = (at + step * setting.motion[1] for at, step in zip(card.centre, away, strict=True))
        centre = (min(max(x, reach), wide - reach), min(max(y, reach), high - reach))
        moved.append(replace(card, centre=centre, motion=jolt))
    return moved


def _quad(held: ShownCard, halves: tuple[float, float]) -> NDArray[np.float32]:
    """The corners of what is held, in the picture, by a pinhole camera [px].

    halves: of its width and height [px].
    """
    half = held.side * _CELLS / _MARKER / 2
    wide, high = halves
    far = _FOCUS_PX  # at this distance one unit is one pixel
    turn, tilt, axis = radians(held.turn), radians(held.tilt), radians(held.axis)
    # A small card is as much farther away as it looks smaller: its perspective is flatter.
    flat = half / (110 * 2)
    quad = []
    for x, y in ((-wide, -high), (wide, -high), (wide, high), (-wide, high)):
        u, v = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
        along, across = u * cos(axis) + v * sin(axis), v * cos(axis) - u * sin(axis)
        depth = 1 + across * sin(tilt) / far / max(flat, 0.05) * 0.3
        across *= cos(tilt)
        u, v = along * cos(axis) - across * sin(axis), along * sin(axis) + across * cos(axis)
        quad.append((held.centre[0] + u / depth, held.centre[1] + v / depth))
    return np.array(quad, np.float32)


def _ground(luck: Random, size: Size, things: int = 90) -> NDArray[np.float32]:
    """A room full of things: planes of light, boxes, stripes, checks and writing. Grey."""
    width, height = size
    ground = np.full((height, width), luck.randrange(90, 170), np.uint8)
    for _ in range(things):
        x, y = luck.randrange(width), luck.randrange(height)
        w, h = luck.randrange(8, 260), luck.randrange(8, 200)
        shade = luck.randrange(15, 235)
        match luck.randrange(5):
            case 0 | 1:
                box = cv2.boxPoints(((x, y), (w, h), luck.uniform(0, 90))).astype(np.int32)
                cv2.fillConvexPoly(ground, box, shade, cv2.LINE_AA)
            case 2:
                cv2.ellipse(ground, ((x, y), (w, h), luck.uniform(0, 180)), shade, -1, cv2.LINE_AA)
            case 3:
                word = "".join(luck.choices("abcdefghiklmnopqrstuvxy 0123456789", k=8))
                scale = luck.uniform(0.4, 2.2)
                cv2.putText(ground, word, (x, y), 0, scale, shade, 2, cv2.LINE_AA)
            case _:
                _lay_checks(ground, luck, (x, y), luck.randrange(4, 13))
    return cv2.GaussianBlur(ground.astype(np.float32), (0, 0), 0.7).astype(np.float32)


def _lay_checks(ground: Frame, luck: Random, at: tuple[int, int], cells: int) -> None:
    """A dark-edged square of random cells: what is most like a marker."""
    cell = luck.randrange(3, 14)
    pattern = np.array([[luck.choice((20, 230)) for _ in range(cells)] for _ in range(cells)])
    pattern[[0, -1], :] = 20
    pattern[:, [0, -1]] = 20
    drawn = np.kron(pattern, np.ones((cell, cell))).astype(np.uint8)
    room = ground[at[1] : at[1] + drawn.shape[0], at[0] : at[0] + drawn.shape[1]]
    room[:] = drawn[: room.shape[0], : room.shape[1]]


def _expose(
    ground: NDArray[np.float32],
    held: list[ShownCard],
    textures: dict[int, Frame],
    luck: Random,
    lens: _Lens,
) -> Take:
    """The picture as the camera sends it."""
    picture = ground.copy()
    for card in held:
        _lay(picture, card, textures[card.id], luck)
    if lens.defocus > _LITTLE:
        picture = cv2.GaussianBlur(picture, (0, 0), lens.defocus).astype(np.float32)
    width, height = lens.setting.size
    slope = np.linspace(luck.uniform(0.75, 1.0), 1.0, width, dtype=np.float32)
    slope = slope[:: luck.choice((1, -1))]
    picture *= slope[np.newaxis, :] * np.float32(lens.light)
    noise = np.random.default_rng(luck.randrange(1 << 30))
    spread = np.float32(luck.uniform(*lens.setting.noise))
    picture += noise.standard_normal((height, width), np.float32) * spread
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    colour = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return Take(jpeg=jpeg(colour), cards=tuple(held))


def _lay(picture: NDArray[np.float32], held: ShownCard, texture: Frame, luck: Random) -> None:
    """Put one card into the picture, with the hand that holds it."""
    halves = tuple(edge / (_TEXEL * 2 * _MARKER) * held.side / 2 for edge in texture.shape[::-1])
    quad = _quad(held, halves)
    reach = int(_reach(held.side) + hypot(*held.motion)) + 4
    left, top = int(held.centre[0]) - reach, int(held.centre[1]) - reach
    high, wide = picture.shape
    x0, x1 = max(left, 0), min(left + 2 * reach, wide)
    y0, y1 = max(top, 0), min(top + 2 * reach, high)
    fine = (2 * reach * _FINE, 2 * reach * _FINE)
    high_px, wide_px = map(float, texture.shape)
    corners = np.array([(0, 0), (wide_px, 0), (wide_px, high_px), (0, high_px)], np.float32)
    target = (quad - np.array((left, top), np.float32)) * np.float32(_FINE)
    onto = cv2.getPerspectiveTransform(corners, target)
    card = cv2.warpPerspective(texture, onto, fine, flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpPerspective(np.ones_like(texture), onto, fine).astype(np.float32)
    if held.grip:
        _lay_fingers(card, mask, held.grip, onto, texture)
    else:
        _hold(card, held, luck)
    card = card * mask
    if hypot(*held.motion) > _LITTLE:
        kernel = _streak(held.motion)
        card, mask = _blur(card, kernel), _blur(mask, kernel)
    small = (2 * reach, 2 * reach)
    card, mask = _shrunk(card, small), _shrunk(mask, small)
    inner = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    room = picture[y0:y1, x0:x1]
    room *= 1 - mask[inner]
    room += card[inner]


def _lay_fingers(
    card: NDArray[np.float32],
    mask: NDArray[np.float32],
    grip: Grip,
    onto: MatLike,
    texture: Frame,
) -> None:
    """One to three fingers side by side, from beyond the sheet over an edge of the marker."""
    unit = _TEXEL * 2 * _MARKER
    middle = np.array(texture.shape[::-1]) / 2
    turn = radians(90 * grip.edge)
    inward = np.array((-sin(turn), cos(turn)))
    along = np.array((cos(turn), sin(turn)))
    slant = radians(grip.slant)
    way = inward * cos(slant) + along * sin(slant)
    for number in range(grip.fingers):
        side = grip.at + (number - (grip.fingers - 1) / 2) * grip.thick * 0.95
        tip = along * side - inward * (0.5 - grip.deep + grip.thick / 2)
        ends = np.array([tip - way * 1.2, tip, tip + along * grip.thick]) * unit + middle
        start, end, beside = cv2.perspectiveTransform(ends[np.newaxis], onto)[0]
        thick = max(2, round(float(np.linalg.norm(beside - end))))
        one, two = ((round(float(x)), round(float(y))) for x, y in (start, end))
        cv2.line(card, one, two, grip.shade * 0.7, thick, cv2.LINE_AA)
        cv2.line(card, one, two, grip.shade, max(1, thick * 3 // 4), cv2.LINE_AA)
        cv2.line(mask, one, two, 1.0, thick, cv2.LINE_AA)


def _hold(card: NDArray[np.float32], held: ShownCard, luck: Random) -> None:
    """A thumb at the card's edge; on the marker itself where it is covered."""
    middle = card.shape[0] / 2
    far = held.side * _FINE * (0.45 if held.covered else 0.78)
    way = radians(luck.uniform(0, 360))
    at = (int(middle + far * cos(way)), int(middle + far * sin(way)))
    thick = max(2, int(held.side * _FINE * (0.12 if held.covered else 0.05)))
    cv2.circle(card, at, thick, luck.uniform(90, 190), -1, cv2.LINE_AA)


def _streak(motion: tuple[float, float]) -> NDArray[np.float32]:
    """The way of a point while the shutter is open."""
    x, y = (pixels * _FINE for pixels in motion)
    wide = int(max(abs(x), abs(y))) // 2 * 2 + 3
    kernel = np.zeros((wide, wide), np.float32)
    middle = wide // 2
    start = (round(middle - x / 2), round(middle - y / 2))
    end = (round(middle + x / 2), round(middle + y / 2))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _blur(layer: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.filter2D(layer, -1, kernel), np.float32)


def _shrunk(layer: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.float32)


def _luck(*of: object) -> Random:
    return Random(" ".join(map(str, of)))  # noqa: S311 - a play, not a secret
