"""What each agent has sent is counted, and what was cut of it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.broker.traffic import MAX_PEERS, OTHERS, PeerTraffic, Traffic
from protocol.link import Arrival
from protocol.model import MAX_TEXT, Place
from protocol.topics import Address, Channel, topic_of
from tests.controller.ears import Ears
from tests.controller.web_school import SCHOOL, a_program, a_store
from tests.protocol.test_lenient import birth

AGENT: Place = SCHOOL.of_agent("p203")


def test_what_is_cut_of_a_message_is_counted_by_who_sent_it(tmp_path: Path) -> None:
    """Each text that was too long, each thing that could not be read; the rest is taken."""
    topic = topic_of(Address(AGENT, Channel.BIRTH))
    with a_store(tmp_path) as store:

        @settings(max_examples=15, deadline=None)
        @given(st.lists(st.sampled_from(["good", "long", "broken"]), min_size=3, max_size=3))
        def check(kinds: list[str]) -> None:
            told = birth()
            for device, kind in zip(told["devices"], kinds, strict=True):
                if kind == "long":
                    device["vendor"] = "x" * (MAX_TEXT + 1)
                if kind == "broken":
                    device["kind"] = 7
            ears = Ears(a_program(store))
            ears.take(Arrival(topic, json.dumps(told).encode(), 1, 1, 1))
            counts = ears.ingest.traffic.peers()["p203"]
            assert (counts.messages, counts.refused) == (1, 0)
            assert bool(counts.cut) == (kinds != ["good"] * 3)
            assert counts.cut == ("long" in kinds) + kinds.count("broken")

        check()


def test_names_without_end_are_counted_together() -> None:
    """Whoever makes names up fills no memory."""
    traffic = Traffic()
    for n in range(MAX_PEERS + 5):
        traffic.add_messages(str(n), 1, 2)
    assert len(traffic.peers()) == MAX_PEERS + 1
    assert traffic.peers()[OTHERS] == PeerTraffic(messages=5, bytes=10)
