"""What a broker kept is no sign of life: whoever said it may be dead since."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.department.store import schools_of
from controller.fleet.store import agents_of
from protocol.messages import Presence
from protocol.model import Place
from protocol.upward import SchoolPresence
from tests.controller.ears import Ears, arrival
from tests.controller.web_school import a_program, a_store

ABOVE = Place("14", "so-14")
BELOW = ABOVE.of_agent("00140708")


def presence(kind: type[Presence | SchoolPresence], *, online: bool) -> Presence | SchoolPresence:
    """What a session says of itself."""
    return kind(boot="b", at_ms=1, session=1, online=online)


@pytest.mark.parametrize("kind", [Presence, SchoolPresence])
def test_who_died_while_nobody_listened_is_not_heard_at_the_next_start(
    tmp_path: Path, kind: type[Presence | SchoolPresence]
) -> None:
    """The kept "online" changes nothing; said now it does; a kept end is an end."""
    online, gone = arrival(BELOW, presence(kind, online=True)), presence(kind, online=False)
    with a_store(tmp_path) as store:

        def heard() -> list[bool]:
            if kind is Presence:
                return [agent.online for agent in store.read(agents_of, ABOVE)]
            return [record.online for record in store.read(schools_of, Place("14"))]

        ears = Ears(a_program(store, scope=ABOVE, upstream=""))
        ears.take(online._replace(retained=True))
        assert heard() == []
        assert not ears.ingest.delivered  # nor of the broker: it stores nothing, and brings this
        ears.take(online)
        assert ears.ingest.delivered == 1
        assert heard() == [True]
        ears.take(arrival(BELOW, gone)._replace(retained=True))
        ears.take(online._replace(retained=True))
        assert heard() == [False]
