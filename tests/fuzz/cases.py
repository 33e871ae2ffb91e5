"""This file makes fuzzed messages and requests: the same case for the same seed and number."""

from __future__ import annotations

import contextlib
import json
import random
import re
from copy import deepcopy
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, quote_from_bytes

from protocol.messages import MAX_BYTES, MessageError, up_from
from protocol.model import Place
from protocol.topics import Address, Channel, address_for, topic_of
from protocol.upward import upward_from

TESTS: Final = Path(__file__).parents[1]
AGENT: Final = "p203"
PEERS: Final = (AGENT, "p207", "p301", "may-6a1", "lạ")
NASTY: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, -(2**63), 10**400),
    *(0.5, -0.0, 1e308, 253_402_300_799_999, 253_402_300_800_000, 1_793_750_400_000),
    *(
        "",
        " ",
        "\0",
        "a" * 64,
        "a" * 65,
        "x" * 5000,
        "ế" * 300,
        "\u202e",
        "\ud800",
        "%s{0}",
        "../..",
    ),
    *(
        "'; --",
        "<script>",
        "9999-12-31",
        "0001-01-01",
        "NaN",
        "\u0663",
        "e\u0301",
        "\U0001f468\u200d",
    ),
    *([], {}, [[]], [None], [[1, 0]], [[0, 2**53 - 1]], {"": None}, [{}] * 500, {"kind": "birth"}),
)
WORDS: Final = (
    *("0001-01-01", "1900-01-01", "9999-12-31", "2026-02-30", "", "0", "1", "-1", str(2**63)),
    *(
        "1e400",
        "\u0663",
        "6A1",
        "a" * 65,
        "\0",
        "%",
        "../..",
        "'; --",
        "<b>",
        "\u202e",
        "json",
        "xlsx",
    ),
    *("WyJhIiwxXQ", "ng-w", "true", "vi", "x" * 4000, "\ud7ff", "csv", "device", "-", "all"),
)
FIELDS: Final = (
    *("row", "note", "next", "password", "number", "room", "name", "month", "code", "day", "from"),
    *("to", "limit", "cursor", "since", "format", "lang", "view", "lesson", "student", "status"),
    *(
        "kind",
        "c",
        "n",
        "t",
        "e",
        "v",
        "file",
        "week",
        "area",
        "school",
        "text",
        "at",
        "id",
        "part",
    ),
)
HEADERS: Final = (
    *(b"Accept-Language: " + b"vi,en;q=x," * 50, b"Accept-Language: \xff\xfe", b"Cookie: may=\xff"),
    *(b"Cookie: session=" + b"a" * 3000, b"Origin: null", b"Origin: http://evil.example"),
    *(
        b"Range: bytes=0-,5-1,-0",
        b"If-None-Match: *",
        b"Expect: 100-continue",
        b"X: " + b"h" * 9000,
    ),
    *(b"Accept-Encoding: gzip, br;q=nan", b"X-Forwarded-For: ::ffff:1.2.3.4, evil, 127.0.0.1"),
    *(b"Upgrade: websocket", b"Content-Encoding: gzip", b"Transfer-Encoding: chunked", b"Host: x"),
    *(b"Content-Length: 9" * 3, b"If-Modified-Since: never", b"Authorization: Bearer \x01"),
)
METHODS: Final = (
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "\u00c9",
)
SOCKET_WORDS: Final = (b"snapshot", b"", b"\xff\xfe", b"x" * 900, b"{}", b"\0" * 125)


class Said(NamedTuple):
    """One fuzzed message. up: said to a controller. above: at the department's broker."""

    above: bool
    topic: str
    payload: bytes
    retain: bool


class Asked(NamedTuple):
    """One fuzzed request as bytes; peer: from which address it comes."""

    text: bytes
    peer: str


class Way(StrEnum):
    """Who says a message to whom."""

    UP = "agent to controller"
    UP_FROM_SCHOOL = "school to department"
    DOWN = "the other way"


def golden() -> list[tuple[Way, bytes]]:
    """Every message that is kept as an example."""
    files = sorted((TESTS / "protocol/golden").glob("*.json"))
    return [(_way_of(raw), raw) for raw in (file.read_bytes() for file in files)]


def _way_of(raw: bytes) -> Way:
    for way, read in ((Way.UP, up_from), (Way.UP_FROM_SCHOOL, upward_from)):
        with contextlib.suppress(MessageError):
            read(raw)
            return way
    return Way.DOWN


GOLDEN: Final = golden()


def message(seed: int, number: int, school: Place, department: Place) -> Said:
    """A fuzzed message of this number."""
    rng = random.Random(f"message {seed} {number}")
    way, raw = rng.choice(GOLDEN)
    body = json.loads(raw)
    above = way is Way.UP_FROM_SCHOOL or (way is Way.DOWN and rng.random() < 0.4)
    sender = school.school if above else rng.choice(PEERS)
    place = department.of_agent(sender) if above else school.of_agent(sender)
    topic = _topic(way, raw, place)
    for field in ("seq", "rev"):
        if field in body:
            body[field] = number
    if "id" in body:
        body["id"] = f"{seed}-{number}"
    for _ in range(rng.choice((0, 1, 1, 1, 2, 5))):
        _mutate(rng, body)
    payload = _spoilt(rng, json.dumps(body).encode())
    return Said(above, _other_topic(rng, topic), payload, rng.random() < 0.03)


def _topic(way: Way, raw: bytes, place: Place) -> str:
    match way:
        case Way.UP:
            return topic_of(address_for(place, up_from(raw)))
        case Way.UP_FROM_SCHOOL:
            return topic_of(address_for(place, upward_from(raw)))
        case Way.DOWN:
            return topic_of(Address(place, Channel.COMMAND, json.loads(raw)["kind"]))


def _other_topic(rng: random.Random, topic: str) -> str:
    if rng.random() < 0.9:
        return topic
    levels = topic.split("/")
    levels[rng.randrange(2, len(levels))] = rng.choice(
        (
            "birth",
            "state",
            "device",
            "event",
            "command",
            "ack",
            "controller",
            "-x1ea1-",
            "-x0-",
            "a" * 90,
        )
    )
    return "/".join(levels)


def _mutate(rng: random.Random, thing: Any) -> None:
    """Change one place in it, as deep as chance goes."""
    keys = list(thing) if isinstance(thing, dict) else list(range(len(thing)))
    if not keys:
        return
    key = rng.choice(keys)
    inner = thing[key]
    if isinstance(inner, (dict, list)) and inner and rng.random() < 0.7:
        _mutate(rng, inner)
        return
    match rng.randrange(6):
        case 0:
            del thing[key]
        case 1 if isinstance(thing, dict):
            thing[str(rng.choice(NASTY))[:50]] = deepcopy(rng.choice(NASTY))
        case 2 if isinstance(thing, list):
            thing *= 2
        case _:
            thing[key] = deepcopy(rng.choice(NASTY))


def _spoilt(rng: random.Random, payload: bytes) -> bytes:
    match rng.randrange(24):
        case 0:
            return payload[: rng.randrange(len(payload) + 1)]
        case 1:
            return rng.randbytes(rng.randrange(200))
        case 2:
            at = rng.randrange(len(payload))
            return payload[:at] + rng.randbytes(rng.randrange(1, 4)) + payload[at + 1 :]
        case 3:
            return b"[" * rng.choice((10, 5000)) + payload
        case 4 if rng.random() < 0.1:
            return payload[:-1] + b" " * MAX_BYTES + b"}"
        case _:
            return payload


def addresses() -> dict[str, list[tuple[str, str]]]:
    """Every door's methods and paths."""
    known = (TESTS / "controller/web/addresses.txt").read_text().split("\n")
    controller = [(line.split()[0], line.split()[1]) for line in known if line]
    agent = TESTS.parent / "agent"
    local = _routes([*(agent / "local").rglob("*.py"), agent / "tablets/board.py"])
    return {
        "school": [*controller, ("GET", "/live"), ("GET", "/openapi.json")],
        "department": [*controller, ("GET", "/live")],
        "window": local,
        "tablets": _routes([agent / "tablets/door.py"]),
    }


def _routes(files: list[Path]) -> list[tuple[str, str]]:
    text = "\n".join(file.read_text() for file in files)
    text = text.replace('f"{device}', '"/api/v1/devices/{id}')
    found = re.findall(r'Route\(f?"([^"]+)"[^)]*?(methods=\["POST"\])?\)', text)
    return [("POST" if post else "GET", path) for path, post in found]


def request(seed: int, number: int, door: str, host: str) -> Asked:
    """A fuzzed request of this number at a door."""
    rng = random.Random(f"request {seed} {number}")
    method, path = rng.choice(ADDRESSES[door])
    method = rng.choice(METHODS) if rng.random() < 0.1 else method
    path = re.sub(r"\{[^}]*\}", lambda _: _quoted(rng), path)
    fields = [(rng.choice(FIELDS), rng.choice(WORDS)) for _ in range(rng.randrange(4))]
    query = "&".join(f"{name}={_encoded(rng, word)}" for name, word in fields)
    body, kind = _body(rng) if method not in {"GET", "HEAD"} or rng.random() < 0.05 else (b"", b"")
    head = [f"{method} {path}{'?' if query else ''}{query} HTTP/1.1".encode("utf-8", "replace")]
    head += [b"Host: " + host.encode(), b"Connection: close"]
    if path == "/live" and rng.random() < 0.8:
        head[-1] = b"Connection: Upgrade"
        head += [b"Upgrade: websocket", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        head += [b"Sec-WebSocket-Version: 13"]
        body = b"".join(_frame(rng) for _ in range(rng.randrange(6)))
    elif body or method == "POST":
        head += [b"Content-Type: " + kind, b"Content-Length: %d" % len(body)]
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        head.insert(rng.randrange(1, len(head) + 1), rng.choice(HEADERS))
    text = b"\r\n".join(head) + b"\r\n\r\n" + body
    if rng.random() < 0.05:
        at = rng.randrange(len(text))
        text = text[:at] + rng.randbytes(rng.randrange(1, 9)) + text[at + rng.randrange(3) :]
    peers = ("127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
    return Asked(text, rng.choice(peers))


def _quoted(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return quote_from_bytes(rng.randbytes(rng.randrange(1, 6)))
    return quote(rng.choice(WORDS)[:200], safe="/" if rng.random() < 0.3 else "") or "-"


def _encoded(rng: random.Random, word: str) -> str:
    if rng.random() < 0.05:
        return rng.choice(("%", "%zz", "%ff%fe", "%u0041", "+&&==;"))
    return quote(word)


def _body(rng: random.Random) -> tuple[bytes, bytes]:
    fields = [(rng.choice(FIELDS), rng.choice(WORDS)) for _ in range(rng.randrange(6))]
    match rng.randrange(5):
        case 0:
            whole = {name: rng.choice(NASTY) for name, _ in fields}
            return json.dumps(rng.choice((whole, *NASTY))).encode(), b"application/json"
        case 1:
            return rng.randbytes(rng.choice((1, 60, 70_000))), b"application/octet-stream"
        case 2:
            return _multipart(rng, fields)
        case _:
            text = "&".join(f"{name}={_encoded(rng, word)}" for name, word in fields)
            return text.encode(), b"application/x-www-form-urlencoded"


def _multipart(rng: random.Random, fields: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + rng.choice(
            (b"", b'; filename="a.xlsx"', b'; filename="../../a\0.csv"', b"; filename*=utf-8''%ff")
        )
        + b"\r\n\r\n"
        + rng.choice(
            (word.encode("utf-8", "replace"), b"PK\x03\x04" + rng.randbytes(50), b"a;b\r\n1;2")
        )
        + b"\r\n"
        for name, word in fields
    ]
    end = rng.choice((b"--xx--\r\n", b"--xx", b"", b"--yy--"))
    kind = rng.choice((b"xx", b"xx", b"", b'"', b"x" * 300))
    return b"".join(parts) + end, b"multipart/form-data; boundary=" + kind


def _frame(rng: random.Random) -> bytes:
    """A WebSocket's frame as a client says it, or nearly so (RFC 6455, 5.2)."""
    word = rng.choice(SOCKET_WORDS)
    size = bytes([0x80 | len(word)]) if len(word) < 126 else b"\xfe" + len(word).to_bytes(2, "big")
    first = rng.choice((0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0xF1, 0x83))
    if rng.random() < 0.1:
        size = rng.choice((b"\xff" + b"\xff" * 8, b"\x05", b"\xff" + b"\0" * 8))
    return bytes([first]) + size + b"\0\0\0\0" + word


ADDRESSES: Final = addresses()
