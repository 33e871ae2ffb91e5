"""Every message of every released version is still read, and every broken one is named."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import (
    MAX_BYTES,
    SCHEMA,
    Down,
    MessageError,
    MessageFlaw,
    Up,
    down_from,
    to_bytes,
    up_from,
)
from protocol.upward import Upward, upward_from

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.json"))
READERS = (up_from, down_from, upward_from)
KINDS = {
    member.__struct_config__.tag: (member, reader)
    for union, reader in zip((Up, Down, Upward), READERS, strict=True)
    for member in union.__args__
}
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def read(payload: bytes) -> Up | Down | Upward:
    _, reader = KINDS[json.loads(payload)["kind"]]
    return reader(payload)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_message_is_read_and_written_as_it_stands(path: Path) -> None:
    """Golden files are only ever added: a change that breaks one breaks schools.

    What an older version did not say is said with its default.
    """
    golden = json.loads(path.read_bytes())
    written = json.loads(to_bytes(read(path.read_bytes())))
    assert said_again(golden, written)
    assert golden["v"] < SCHEMA or written == golden


def said_again(golden: object, written: object) -> bool:
    """Whether all that stands in the golden message stands in the written one."""
    match golden, written:
        case dict(), dict():
            return all(
                name in written and said_again(golden[name], written[name]) for name in golden
            )
        case list(), list():
            return len(golden) == len(written) and all(map(said_again, golden, written))
        case _:
            return golden == written


def test_every_kind_has_a_golden_message() -> None:
    """A new kind comes with its golden file."""
    assert {path.stem.rsplit("-v", 1)[0] for path in GOLDEN} == set(KINDS)


@pytest.mark.parametrize(
    ("payload", "flaw"),
    [
        (b"", MessageFlaw.MALFORMED),
        (b"{", MessageFlaw.MALFORMED),
        (b"\xff\xfe", MessageFlaw.MALFORMED),
        (b"[1, 2]", MessageFlaw.MALFORMED),
        (b"[" * 100_000, MessageFlaw.MALFORMED),
        (b'{"kind": "presence"}', MessageFlaw.MALFORMED),
        (b'{"kind": 7}', MessageFlaw.MALFORMED),
        (b'{"kind": "hologram", "v": 1}', MessageFlaw.UNKNOWN_KIND),
        (b'{"kind": "presence", "v": 4, "anything": []}', MessageFlaw.NEWER_SCHEMA),
        (b'{"kind": "hologram", "v": 4}', MessageFlaw.NEWER_SCHEMA),
        (b" " * (MAX_BYTES + 1), MessageFlaw.OVERSIZED),
    ],
    ids=[
        "empty",
        "brace",
        "no text",
        "list",
        "deep",
        "without version",
        "number for kind",
        "unknown kind",
        "newer schema",
        "newer kind",
        "oversized",
    ],
)
def test_a_message_that_cannot_be_taken_is_named(payload: bytes, flaw: MessageFlaw) -> None:
    """An old controller survives a new agent, and any garbage."""
    with pytest.raises(MessageError) as refused:
        up_from(payload)
    assert refused.value.flaw is flaw


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error(payload: bytes) -> None:
    """Nothing but MessageError comes out."""
    for reader in READERS:
        with pytest.raises(MessageError):
            reader(payload)


@given(st.sampled_from(GOLDEN), st.data())
def test_a_message_with_one_field_spoilt_never_harms(path: Path, data: st.DataObject) -> None:
    """Each field in turn gets any JSON value: read or refused, never a crash."""
    message = json.loads(path.read_bytes())
    field = data.draw(st.sampled_from(sorted(message)))
    message[field] = data.draw(json_values)
    payload = msgspec.json.encode(message)
    for reader in READERS:
        try:
            reader(payload)
        except MessageError:
            continue


@given(st.sampled_from(GOLDEN), st.text(min_size=1, max_size=10), json_values)
def test_an_unknown_field_is_refused(path: Path, name: str, value: object) -> None:
    """Within a version a message has its fields and no others."""
    message = json.loads(path.read_bytes())
    model, _ = KINDS[message["kind"]]
    if name in model.__struct_encode_fields__ or name == "kind":
        return
    with pytest.raises(MessageError):
        read(msgspec.json.encode(message | {name: value}))
