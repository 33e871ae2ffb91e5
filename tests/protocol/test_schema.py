"""The wire's description says what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from protocol.messages import AnyEvent, Down, Up, up_from
from protocol.model import Place
from protocol.schema import ROUTES, asyncapi, main, messages_schema, to_text
from protocol.topics import address_for, topic_of
from protocol.upward import Upward, upward_from

WIRE = Path(__file__).parents[2] / "docs" / "wire"
GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.json"))
PROGRAMS = ("agent", "controller", "school")
KINDS = {
    each.__struct_config__.tag: each for each in (*Up.__args__, *Upward.__args__, *Down.__args__)
}


def test_the_kept_documents_are_what_the_code_says() -> None:
    """Made anew by: python -m protocol.schema > docs/wire/asyncapi.json (and `messages`)."""
    assert (WIRE / "asyncapi.json").read_text("utf-8") == to_text(asyncapi())
    assert (WIRE / "messages.schema.json").read_text("utf-8") == to_text(messages_schema())


@pytest.mark.parametrize(("arguments", "file"), [((), "asyncapi"), (("messages",), "messages")])
def test_the_command_prints_them(
    arguments: tuple[str, ...], file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that nobody writes them by hand."""
    main(arguments)
    (kept,) = WIRE.glob(f"{file}*.json")
    assert capsys.readouterr().out == kept.read_text("utf-8")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_message_fits_the_schema_and_a_changed_one_does_not(path: Path) -> None:
    """The schema is as strict as the program: nothing missing, nothing unknown."""
    schema = Draft202012Validator(messages_schema())
    message = json.loads(path.read_bytes())
    schema.validate(message)
    assert not schema.is_valid(message | {"unknown": 1})
    assert not schema.is_valid({name: message[name] for name in message if name != "boot"})


def test_every_kind_is_said_on_one_channel_by_the_right_program() -> None:
    """An agent says what goes up, a controller what comes down."""
    said = [(kind, route.speaker) for route in ROUTES for kind in route.kinds]
    expected = [(kind, "agent") for kind in (*Up.__args__, *AnyEvent.__args__)]  # events twice
    expected += [(kind, "school") for kind in Upward.__args__]
    expected += [(kind, "controller") for kind in Down.__args__]
    assert sorted(said, key=str) == sorted(expected, key=str)


def test_a_message_from_an_agent_goes_where_the_document_says() -> None:
    """The addresses are those that the programs use."""
    place = Place("14", "00123456", "laptop-6a1")
    addresses = {kind: route.address for route in reversed(ROUTES) for kind in route.kinds}
    for path in GOLDEN:
        kind = KINDS[json.loads(path.read_bytes())["kind"]]
        if kind in Down.__args__:
            continue
        reader = up_from if kind in Up.__args__ else upward_from
        topic = topic_of(address_for(place, reader(path.read_bytes())))
        levels = re.sub(r"\\\{\w+\\\}", "[a-z0-9-]+", re.escape(addresses[kind]))
        assert re.fullmatch(levels, topic), path.stem


def test_every_reference_leads_somewhere() -> None:
    """Tools that read AsyncAPI stop at the first one that does not."""
    document = asyncapi()
    for reference in references(document):
        here: Any = document
        for step in reference.removeprefix("#/").split("/"):
            here = here[step]


def test_each_channel_has_both_its_ends() -> None:
    """What one program sends, the other receives."""
    operations = asyncapi()["operations"]
    for route in ROUTES:
        ends = [
            operations[f"{program}-{route.name}"]["action"]
            for program in PROGRAMS
            if f"{program}-{route.name}" in operations
        ]
        assert sorted(ends) == ["receive", "send"]


def references(node: Any) -> Iterator[str]:
    """Every $ref in a document."""
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for each in node.values():
                yield from references(each)
        case list():
            for each in node:
                yield from references(each)
