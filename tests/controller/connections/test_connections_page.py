"""The page of connections: what each has sent, who was refused and why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker.credentials import Credentials
from controller.broker.knocks import BROKER_LOG, KnockReason
from controller.broker.traffic import PeerTraffic
from controller.connections.peers import Fault, peers_of
from controller.connections.words import FAULTS, REASONS
from controller.database.store import Store
from protocol.messages import OutboxReport
from tests.axe import violations
from tests.browser import LAPTOP, PHONE, Page
from tests.controller.web_school import Served, a_store, agent, asked
from tests.tiers import wide

OUTSIDE = "192.0.2.5"
HEAD = "[7] 2026/11/28 23:06:38.581301 [ERR] 10.0.0.{}:37313 - mid:6 - "
REFUSED = HEAD + '"c" - authentication error - User "{}"\n'
COUNTS = st.builds(PeerTraffic, *[st.integers(0, 2)] * 8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a room, a wrong password, a name nobody has, and one that would be a script."""
    Credentials(tmp_path / "agents.json").add("may-6a1")
    log = tmp_path / BROKER_LOG
    log.parent.mkdir()
    lines = (REFUSED.format(5, "may-6a1"), REFUSED.format(6, "p9; reboot"))
    log.write_text("".join((*lines, REFUSED.format(7, "<script>alert(1)</script>"))))
    with a_store(tmp_path, [agent("6A1", outbox=OutboxReport(pending=17))]) as opened:
        yield opened


def test_nobody_outside_sees_names_and_addresses(store: Store) -> None:
    """The office does."""
    answer = asked(store, "/connections", host=OUTSIDE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/connections")


def test_each_that_knocks_is_named_with_why_and_what_to_do(store: Store) -> None:
    """What a stranger calls himself is shown as text, and is one word of the command."""
    page = asked(store, "/connections?lang=vi").text
    assert "Mật khẩu sai." in page
    assert page.count('href="/enrolment"') >= 3
    assert "lophoc-controller agents add may-6a1" in page
    assert "lophoc-controller agents add &#39;p9; reboot&#39;" in page
    assert page.count("Ở đây không có mật khẩu nào cho tên này.") == 2
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "Từ 10.0.0.7. Số lần bị từ chối: 1." in page
    assert '<td class="n" data-label="Còn chờ ở máy đó">17</td>' in page


def test_a_school_whose_passwords_cannot_be_read_says_so(store: Store, tmp_path: Path) -> None:
    """And shows what it has all the same."""
    (tmp_path / "agents.json").write_text("{")
    page = asked(store, "/connections?lang=en").text
    assert "Move it aside and give the agents new passwords" in page
    assert 'data-peer="may-6a1"' in page


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", "controller", ""]), COUNTS),
    st.dictionaries(st.sampled_from(["b", "d"]), st.integers(1, 9)),
)
def test_whoever_has_sent_or_is_known_stands_once(
    traffic: dict[str, PeerTraffic], queued: dict[str, int]
) -> None:
    """Those with something wrong first, the others by name; not the controller itself."""
    peers = peers_of([agent("6A1")], traffic, queued, "controller")
    names = [peer.name for peer in peers]
    assert sorted(names) == sorted(({"may-6a1"} | {*traffic} | {*queued}) - {"controller"})
    wrong = [any(traffic.get(name, PeerTraffic())[2:]) for name in names]
    assert wrong == sorted(wrong, reverse=True)
    for peer in peers:
        assert peer.queued == queued.get(peer.name, 0)
        assert sum(peer.faults.values()) == sum(traffic.get(peer.name, PeerTraffic())[2:])


def test_every_reason_and_fault_has_words() -> None:
    """Also those that come later."""
    assert set(REASONS) == set(KnockReason)
    assert set(FAULTS) == set(Fault)
    assert {*PeerTraffic._fields[2:]} == set(Fault)


@pytest.mark.parametrize("size", [PHONE, *wide((LAPTOP,))])
def test_the_page_is_read_on_any_screen(store: Store, page: Page, size: tuple[int, int]) -> None:
    """Nothing sticks out, and nothing is out of reach of anybody."""
    with Served(store) as served:
        page.open(f"{served.url}connections?lang=vi", *size)
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        assert page.errors == []
