"""What a controller announces is known again by the agents of its school, and by no others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.discovery import is_controller_of, txt_of
from protocol.model import Place

schools = st.builds(Place, st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))


def heard(txt: dict[str, str]) -> dict[bytes, bytes | None]:
    """As it comes over the network."""
    return {key.encode(): value.encode() for key, value in txt.items()}


@given(schools, schools)
def test_a_school_knows_its_own_controller(school: Place, other: Place) -> None:
    """Whatever the codes are."""
    assert is_controller_of(school, heard(txt_of(school)))
    assert is_controller_of(other, heard(txt_of(school))) == (other == school)


def test_the_words_on_the_wire_stay() -> None:
    """Agents of other versions read them."""
    txt = txt_of(Place("79", "THCS-01"))
    words = {"role": "controller", "v": "1", "province": "79", "school": "THCS-01"}
    assert txt == {**words, "enrol": "8884"}
    assert is_controller_of(Place("79", "THCS-01"), heard(words))  # of before 0052
    assert is_controller_of(Place("79", "THCS-01"), heard(txt | {"v": "2", "new": "word"}))
    assert not is_controller_of(Place("79", "THCS-01"), heard(txt | {"role": "agent"}))
