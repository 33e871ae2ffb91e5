"""What a computer holds of refusals is what the school would say now, whatever came between."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from controller.attendance.refused import Refusal, RefusalsTold
from controller.fleet.records import AgentRecord
from protocol.model import Place

PLACE = Place("79", "00123", "p203")
refusals = st.builds(
    Refusal, st.lists(st.sampled_from("abc"), max_size=2).map(tuple), st.booleans()
)
STEPS = ("look", "look", "new session", "new boot", "controller restarts", "away")


@given(st.lists(st.tuples(st.sampled_from(STEPS), refusals), max_size=40))
def test_who_hears_every_word_knows_how_it_is(steps: Sequence[tuple[str, Refusal]]) -> None:
    """A session begins with nothing; what is the same is not said again in it."""
    told, held = RefusalsTold(), Refusal()
    agent = AgentRecord(place=PLACE, boot="b0", session=1, rev=1, online=True)
    for number, (step, refusal) in enumerate(steps, 2):
        match step:
            case "new session":
                agent = AgentRecord(
                    place=PLACE, boot=agent.boot, session=number, rev=1, online=True
                )
                held = Refusal()
            case "new boot":
                agent = AgentRecord(place=PLACE, boot=f"b{number}", session=1, rev=1, online=True)
                held = Refusal()
            case "controller restarts":
                told, agent = (
                    RefusalsTold(),
                    AgentRecord(place=PLACE, boot=agent.boot, session=number, rev=1, online=True),
                )
                held = Refusal()
            case "away":
                away = AgentRecord(place=PLACE, boot=agent.boot, session=agent.session, rev=1)
                assert not told.is_due(away, refusal)
                continue
            case _:
                pass
        if told.is_due(agent, refusal):
            held = refusal
        assert held == refusal
        assert not told.is_due(agent, refusal)
