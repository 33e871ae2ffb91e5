"""Whatever a school and its server are called, mDNS carries its name."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from zeroconf import ServiceInfo

from controller.broker.announce import label_of
from protocol.discovery import SERVICE, txt_of
from protocol.model import MAX_CODE, Place

SIGNS = st.characters(categories=["L", "N"], max_codepoint=0xFFFF)
CODES = st.text(SIGNS, min_size=1, max_size=MAX_CODE)


@given(CODES, st.text(max_size=64))
@example("0" * MAX_CODE, "a" * 64)
@example("ế" * MAX_CODE, "máy-chủ.của.trường")
@example("1", "")
def test_every_name_fits_a_label(code: str, host: str) -> None:
    """As the library checks it, and with room for the number of a name that is taken."""
    school = Place("14", code)
    label = label_of(school, host)
    again = f"{label}-12.{SERVICE}"
    told = ServiceInfo(
        SERVICE, again, port=1, properties=txt_of(school, 2), server=f"{label}.local."
    )
    assert told.name == again
    assert len(label.encode()) <= 60
    assert "." not in label
