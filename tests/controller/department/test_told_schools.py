"""The department has what its schools have, whatever the line, power cuts and backups do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database.store import Store
from controller.department.brief import item_of
from controller.department.school_record import SchoolRecord
from controller.department.schools import (
    GAP_MS,
    AskRetell,
    FigureTold,
    ListPage,
    Numbered,
    SchoolHeard,
    Schools,
)
from controller.department.store import load_schools
from controller.features import keep_batch
from controller.inventory import store as assets
from controller.inventory.asset import Asset, AssetState
from controller.inventory.chosen import Chosen
from controller.reconcile.store import figures_since
from controller.use.store import use_of
from protocol.messages import Event, MessageError, MessageFlaw, to_bytes
from protocol.model import DeviceKind, Place
from protocol.topics import Address, Channel, topic_of
from protocol.upward import (
    LIST_FROM,
    ItemGone,
    ItemsTold,
    SchoolChain,
    SchoolFigures,
    SchoolPresence,
    SchoolTold,
    UseLine,
    UseTold,
    upward_from,
)
from tests.controller.ears import Ears
from tests.controller.fresh import fresh_store
from tests.controller.web_school import a_program, a_store
from tests.databases import Database

ABOVE = Place("14", "so-14")
SCHOOL = Place("14", "00140708")
NOW_MS = 1_793_232_000_000


def asset(number: int, value: int, change: int = 0) -> Asset:
    """An item of the school whose room says how often it was changed."""
    return Asset(
        place=SCHOOL,
        device_id=f"line:{number}",
        line=number,
        asset_tag=f"TB-{number:03}",
        type="board",
        kind=DeviceKind.BOARD,
        name="Bảng của cô Lan",
        room=f"P{value}",
        relay_change=change,
    )


def page(
    after: int, *items: Asset, feed: str = "f1", upto: int = 0, more: bool = False, **fields: Any
) -> ItemsTold:
    """A page of the list."""
    told = tuple(map(item_of, items))
    last = upto or max((each.change for each in told), default=after)
    return ItemsTold(
        boot="b", at_ms=NOW_MS, id="i", feed=feed, after=after, upto=last, more=more, items=told,
        **fields,
    )  # fmt: skip


def told(**fields: Any) -> SchoolTold:
    """How the school stands."""
    return SchoolTold(boot="b", at_ms=NOW_MS, rev=1, day="2026-10-29", feed="f1", **fields)


def test_the_line_upward_says_of_several_things_how_many_they_are() -> None:
    """A message of single things is as it was before quantities; one without says one."""
    message = page(0, asset(1, 1, 1), replace(asset(2, 1, 2), quantity=45, cost_vnd=900))
    raw = to_bytes(message)
    assert raw.count(b'"quantity"') == 1
    heard = upward_from(raw)
    assert isinstance(heard, ItemsTold)
    assert [(each.quantity, each.cost_vnd) for each in heard.items] == [(1, None), (45, 900)]


def test_a_warranty_goes_up_and_a_day_that_no_calendar_has_leaves_the_item_out() -> None:
    """A message without is as it was before; a school that is mistaken loses that item alone."""
    under = replace(asset(2, 1, 2), warranty_months=24, warranty_until="2026-12-31")
    raw = to_bytes(page(0, asset(1, 1, 1), under))
    assert raw.count(b"warranty") == 2
    heard = upward_from(raw)
    assert isinstance(heard, ItemsTold)
    told = [(each.warranty_months, each.warranty_until) for each in heard.items]
    assert told == [(None, ""), (24, "2026-12-31")]
    with pytest.raises(MessageError) as refused:
        upward_from(raw.replace(b"2026-12-31", b"2026-13-31"))
    assert refused.value.rest is not None
    assert [each.item for each in refused.value.rest.message.items] == ["line:1"]


def test_a_page_that_leaves_a_gap_is_not_taken() -> None:
    """The school keeps it, and sends it again behind the one that was lost."""
    schools = Schools(ABOVE)
    assert schools.hear("00140708", page(0, asset(1, 1, 1)), NOW_MS).is_accepted
    assert not schools.hear("00140708", page(2, asset(3, 1, 3)), NOW_MS).is_accepted
    assert schools.hear("00140708", page(1, asset(2, 1, 2)), NOW_MS).is_accepted
    assert schools.hear("00140708", page(2, asset(3, 1, 3)), NOW_MS).is_accepted
    assert schools.records["00140708"].reached == 3


def test_a_page_that_comes_again_is_taken_and_moves_nothing_back() -> None:
    """It is acknowledged, or the school would send it for ever."""
    schools = Schools(ABOVE)
    for _ in range(2):
        assert schools.hear("00140708", page(0, asset(1, 1, 1), asset(2, 1, 2)), NOW_MS).is_accepted
    assert schools.hear("00140708", page(0, asset(1, 1, 1), upto=1), NOW_MS).is_accepted
    assert schools.records["00140708"].reached == 2


def test_a_department_that_put_a_copy_back_asks_for_what_it_lost() -> None:
    """The school has let go of what was acknowledged; it begins anew behind what is here."""
    schools = Schools(ABOVE, [SchoolRecord(place=SCHOOL, feed="f1", reached=40)])
    changes = schools.hear("00140708", told(newest=90, settled=90), NOW_MS).changes
    assert AskRetell(SCHOOL, 40) in changes
    changes = schools.hear("00140708", replace(told(settled=40), rev=2), NOW_MS).changes
    assert not [each for each in changes if isinstance(each, AskRetell)]


def test_a_gap_that_stays_is_asked_for() -> None:
    """A copy was put back whose list is another one: nothing else would tell what is missing."""
    schools = Schools(ABOVE, [SchoolRecord(place=SCHOOL, feed="f0", reached=90)])
    behind = page(82, asset(3, 1, 88))
    assert schools.hear("00140708", behind, NOW_MS).changes == ()
    assert schools.hear("00140708", behind, NOW_MS + GAP_MS - 1).changes == ()
    assert schools.hear("00140708", behind, NOW_MS + GAP_MS).changes == (AskRetell(SCHOOL, 0),)
    assert schools.hear("00140708", behind, NOW_MS + GAP_MS + 1).changes == ()
    assert schools.hear("00140708", page(0, asset(1, 1, 82)), NOW_MS + GAP_MS + 2).is_accepted
    assert schools.hear("00140708", behind, NOW_MS + GAP_MS + 3).is_accepted


def test_another_database_of_the_school_begins_its_list_anew() -> None:
    """A page in the middle of a list that never began is not taken."""
    schools = Schools(ABOVE, [SchoolRecord(place=SCHOOL, feed="f1", reached=40)])
    assert not schools.hear("00140708", page(7, asset(1, 1, 8), feed="f2"), NOW_MS).is_accepted
    heard = schools.hear("00140708", page(0, asset(1, 1, 8), feed="f2"), NOW_MS)
    (listed,) = (each for each in heard.changes if isinstance(each, ListPage))
    assert heard.is_accepted
    assert listed.last
    changes = schools.hear("00140708", told(settled=9), NOW_MS).changes
    assert AskRetell(SCHOOL, 0) in changes


def test_a_figure_is_kept_for_the_schools_own_day_and_an_old_one_is_not() -> None:
    """What was said before is not said after."""
    schools = Schools(ABOVE)
    figures = SchoolFigures(declared=12, managed=8)
    changes = schools.hear("00140708", told(figures=figures), NOW_MS).changes
    assert FigureTold(SCHOOL, "2026-10-29", figures, Numbered("b", 1)) in changes
    again = FigureTold(SCHOOL, "2026-10-29", SchoolFigures(), Numbered("b", 1))
    assert schools.hear("00140708", told(), NOW_MS + 1).changes == (again,)
    assert schools.records["00140708"].heard_ms == NOW_MS


def test_a_last_will_is_no_sign_of_life() -> None:
    """The school is away from then on, and was heard before; its next session is another."""
    schools = Schools(ABOVE)
    here = SchoolPresence(boot="b", at_ms=NOW_MS, session=2, online=True)
    schools.hear("00140708", here, NOW_MS)
    schools.hear("00140708", replace(here, online=False), NOW_MS + 60_000)
    record = schools.records["00140708"]
    assert (record.online, record.heard_ms) == (False, NOW_MS)
    schools.hear("00140708", replace(here, session=3), NOW_MS + 90_000)
    schools.hear("00140708", replace(here, online=False), NOW_MS + 95_000)
    assert schools.records["00140708"].online


def test_no_word_of_a_person_is_in_what_is_told() -> None:
    """A device's name may be a person's: it stays in the school."""
    assert "Lan" not in str(page(0, asset(1, 1, 1)))
    fields = {name for kind in (ItemsTold, SchoolTold, UseTold) for name in kind.__struct_fields__}
    assert not fields & {"student", "class_code", "classes", "teacher", "subject", "actor"}
    assert issubclass(ItemsTold, Event)


class Sender:
    """A school in short: its items, what it fed into its outbox, and what waits there."""

    def __init__(self) -> None:
        self.feed = "f1"
        self.items: dict[int, Asset] = {}
        self.newest = self.fed = 0
        self.begins = True
        self.waiting: list[ItemsTold] = []

    def change(self, number: int, *, there: bool) -> None:
        """An item comes, changes or goes."""
        before = self.items.get(number)
        if before is None and not there:
            return
        self.newest += 1
        fresh = asset(number, self.newest, self.newest)
        self.items[number] = fresh if there else replace(fresh, removed_ms=NOW_MS)

    def put(self) -> None:
        """Give the outbox the next page of two."""
        due = sorted(
            (each for each in self.items.values() if each.relay_change > self.fed),
            key=lambda each: each.relay_change,
        )
        some = due[:2]
        if not some and not self.begins:
            return
        self.begins = False
        gone = tuple(
            ItemGone(item=each.device_id, change=each.relay_change, at_ms=NOW_MS)
            for each in some
            if each.removed_ms
        )
        here = [each for each in some if not each.removed_ms]
        upto = some[-1].relay_change if some else self.fed
        told = page(self.fed, *here, feed=self.feed, upto=upto, more=len(due) > 2, gone=gone)
        self.waiting.append(told)
        self.fed = upto

    def replace_database(self) -> None:
        """The school begins with another database: what waits of the old list is let go."""
        self.feed += "+"
        self.begins, self.waiting = True, []
        self.items = {
            number: replace(each, relay_change=place)
            for place, (number, each) in enumerate(
                ((n, i) for n, i in self.items.items() if not i.removed_ms), 1
            )
        }
        self.newest, self.fed = len(self.items), 0

    def settled(self) -> int:
        """Up to where all was acknowledged."""
        return 0 if self.waiting else self.fed


steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.integers(0, 5)),
        st.tuples(st.just("gone"), st.integers(0, 5)),
        st.tuples(st.just("put"), st.none()),
        st.tuples(st.just("send"), st.lists(st.integers(0, 4), max_size=5)),
        st.tuples(st.just("unacked"), st.lists(st.integers(0, 4), max_size=5)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("copy"), st.none()),
        st.tuples(st.just("put back"), st.none()),
        st.tuples(st.just("database"), st.none()),
    ),
    max_size=40,
)


class Above:
    """The department's store, and its present."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.schools = store.read(load_schools, ABOVE)
        self.rev, self.now_ms = 0, NOW_MS

    def hear(self, sender: Sender, at: int, *, acked: bool) -> None:
        """One waiting page arrives; its ack comes back, or is lost."""
        if at >= len(sender.waiting):
            return
        told = sender.waiting[at]
        heard = self._take(sender, told)
        if heard.is_accepted and acked:
            sender.waiting.pop(at)

    def _take(self, sender: Sender, message: ItemsTold | SchoolTold) -> SchoolHeard:
        """It is stored, and the school begins anew behind what it is asked for."""
        heard = self.schools.hear(SCHOOL.school, message, self.now_ms)
        self.store.write(keep_batch, list(heard.changes), NOW_MS)
        for each in heard.changes:
            if isinstance(each, AskRetell) and each.since < sender.fed:
                sender.fed, sender.waiting = each.since, []
        return heard

    def figures(self, sender: Sender) -> None:
        """The school says how far it is; the department may ask for its list anew."""
        self.rev += 1
        said = replace(
            told(settled=sender.settled(), newest=sender.newest), feed=sender.feed, rev=self.rev
        )
        self._take(sender, said)

    def items(self) -> dict[str, str]:
        """What stands here."""
        with self.store.view() as db:
            found = assets.changes(db, Place("14"), since=0, limit=1000, chosen=Chosen(), now_ms=0)
        numbers = [each.change for each in found]
        assert len(numbers) == len(set(numbers))
        return {each.device_id: each.room for each in found if each.removed_ms is None}


@given(steps)
@settings(max_examples=40, deadline=None)
def test_in_the_end_the_department_has_what_the_school_has(path: list[tuple[str, Any]]) -> None:
    """Pages lost, doubled and out of order; a copy put back; another database: nothing is amiss."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        sender = Sender()
        store = fresh_store(folder)
        with store:
            above = Above(store)
            for step, detail in path:
                match step:
                    case "change" | "gone":
                        sender.change(detail, there=step == "change")
                    case "put":
                        sender.put()
                    case "send" | "unacked":
                        for at in detail:
                            above.hear(sender, at, acked=step == "send")
                    case "restart":
                        above.schools = store.read(load_schools, ABOVE)
                    case "copy":
                        store.back_up(copy)
                    case "put back" if copy.exists():
                        store.__exit__()
                        Path(folder, "a.db").write_bytes(copy.read_bytes())
                        for side in ("a.db-wal", "a.db-shm"):
                            Path(folder, side).unlink(missing_ok=True)
                        store.__enter__()
                        above.schools = store.read(load_schools, ABOVE)
                        above.rev += 100
                    case "database":
                        sender.replace_database()
            for _ in range(40):
                above.now_ms += GAP_MS
                above.figures(sender)
                sender.put()
                above.hear(sender, 0, acked=True)
            here = {
                each.device_id: each.room for each in sender.items.values() if not each.removed_ms
            }
            assert above.items() == here
            assert not sender.waiting


def test_a_list_told_anew_is_no_news_to_whoever_pulls(database: Database) -> None:
    """The same items again get no new numbers."""
    with Store(database.url) as store:
        above = Above(store)
        sender = Sender()
        for number in range(4):
            sender.change(number, there=True)
        for _ in range(2):
            sender.put()
            above.hear(sender, 0, acked=True)
        with store.view() as db:
            newest = assets.newest_change(db, Place("14"))
        sender.fed = 0
        for _ in range(2):
            sender.put()
            above.hear(sender, 0, acked=True)
        sender.replace_database()
        for _ in range(2):
            sender.put()
            above.hear(sender, 0, acked=True)
        with store.view() as db:
            assert assets.newest_change(db, Place("14")) == newest
            assert {
                each.state
                for each in assets.changes(db, Place(), since=0, limit=9, chosen=Chosen(), now_ms=0)
            } == {AssetState.OK}


@pytest.mark.parametrize("upstream", ["", "mqtt://above"])
def test_a_school_with_a_department_above_hears_of_no_schools(
    tmp_path: Path, upstream: str
) -> None:
    """A room's computer cannot put items into the school's list by speaking as a school."""
    topic = topic_of(Address(ABOVE.of_agent("p203"), Channel.SCHOOL))
    payload = to_bytes(page(0, asset(1, 1, 1)))
    with a_store(tmp_path) as store:
        ingest = Ears(a_program(store, scope=ABOVE, upstream=upstream)).ingest
        if not upstream:
            spoken = ingest._read(topic, payload)
            assert spoken
            assert spoken[:2] == ("p203", page(0, asset(1, 1, 1)))
            return
        with pytest.raises(MessageError) as refused:
            ingest._read(topic, payload)
    assert refused.value.flaw is MessageFlaw.WRONG_TOPIC


def test_what_a_new_list_left_out_is_taken_when_it_tells_of_it_later(tmp_path: Path) -> None:
    """Its number in the list before may be the same, and says nothing."""
    with fresh_store(tmp_path) as store:
        schools = store.read(load_schools, ABOVE)
        for told_page in (
            page(0, asset(1, 1, 1), asset(2, 1, 2)),
            page(0, asset(1, 1, 1), feed="f2"),
            page(1, asset(2, 5, 2), feed="f2"),
        ):
            heard = schools.hear(SCHOOL.school, told_page, NOW_MS)
            store.write(keep_batch, list(heard.changes), NOW_MS)
        found = store.read(assets.changes, SCHOOL, since=0, limit=9, chosen=Chosen(), now_ms=0)
        assert {each.device_id: (each.room, each.removed_ms) for each in found} == {
            "line:1": ("P1", None),
            "line:2": ("P5", None),
        }


def chain(boot: str, *before: str, begun: int = 0, **fields: Any) -> SchoolChain:
    """Which start speaks, and what it goes on from."""
    return SchoolChain(boot=boot, at_ms=NOW_MS, before=before, feed="f1", begun=begun, **fields)


def believed(*, online: bool = True) -> Schools:
    """A school whose start "b" was heard just now, 25 changes far."""
    record = SchoolRecord(
        place=SCHOOL, boot="b", chained=True, feed="f1", reached=25, heard_ms=NOW_MS, online=online
    )
    return Schools(ABOVE, [record])


def test_yesterdays_folder_begins_its_list_anew_and_is_shown() -> None:
    """It goes on from the start that is known, but from 20 changes, where 25 are known."""
    schools = believed()
    changes = schools.hear(SCHOOL.school, chain("c", "b", begun=20), NOW_MS).changes
    record = schools.records[SCHOOL.school]
    assert AskRetell(SCHOOL, 0) in changes
    assert (record.boot, record.reached, record.forked_ms) == ("c", 0, NOW_MS)
    heard = schools.hear(SCHOOL.school, replace(page(20, asset(1, 1, 21)), boot="c"), NOW_MS)
    assert not heard.is_accepted
    (listed,) = [
        each
        for each in schools.hear(
            SCHOOL.school, replace(page(0, asset(1, 1, 21)), boot="c"), NOW_MS
        ).changes
        if isinstance(each, ListPage)
    ]
    assert (listed.feed, listed.last) == ("f1~c", True)


def test_a_start_that_goes_on_from_the_known_one_is_no_fork() -> None:
    """Nor are several that nobody answered in between."""
    schools = believed()
    schools.hear(SCHOOL.school, chain("e", "d", "c", "b", begun=25), NOW_MS)
    record = schools.records[SCHOOL.school]
    assert (record.boot, record.reached, record.forked_ms, record.rival) == ("e", 25, 0, "")


def test_the_figure_of_a_day_that_is_over_changes_nothing_of_the_present() -> None:
    """It says no version."""
    schools = believed()
    figures = SchoolFigures(declared=12)
    changes = schools.hear(SCHOOL.school, told(figures=figures), NOW_MS).changes
    assert FigureTold(SCHOOL, "2026-10-29", figures, Numbered("b", 1)) in changes
    assert schools.records[SCHOOL.school].figures is None


def test_what_was_acknowledged_and_is_missing_is_asked_for_until_it_was_told() -> None:
    """A question may be lost."""
    schools = believed()
    for _ in range(2):
        changes = schools.hear(SCHOOL.school, chain("b", settled=9), NOW_MS).changes
        assert AskRetell(SCHOOL, 25) in changes
    changes = schools.hear(SCHOOL.school, chain("b", settled=9, retold=1), NOW_MS).changes
    assert not [each for each in changes if isinstance(each, AskRetell)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(["d1", "d2", "w1"]), st.integers(1, 9)), max_size=6),
        max_size=8,
    )
)
def test_of_each_day_and_week_the_highest_number_stands(
    batches: list[list[tuple[str, int]]],
) -> None:
    """Whatever came last: late, twice, in one batch or in several, over restarts."""
    with tempfile.TemporaryDirectory() as folder, fresh_store(folder) as store:
        newest: dict[str, int] = {}
        for batch in batches:
            schools = store.read(load_schools, ABOVE)
            changes: list[object] = []
            for what, number in batch:
                newest[what] = max(newest.get(what, 0), number)
                changes += schools.hear(SCHOOL.school, numbered(what, number), NOW_MS).changes
            store.write(keep_batch, changes, NOW_MS)
        days = store.read(figures_since, SCHOOL, "")
        weeks = store.read(use_of, SCHOOL, "", "9")
        stands = {f"d{day[-1]}": kpi.declared for day, kpi in days.items()}
        stands |= {f"w{each.week[-1]}": each.line.used_min for each in weeks}
        assert stands == newest


def numbered(what: str, number: int) -> SchoolTold | UseTold:
    """A day or a week under a number of the list, which its figure tells too."""
    rev, at_ms = LIST_FROM + number, NOW_MS
    if what == "w1":
        line = UseLine(item="usb-1", device=DeviceKind.BOARD, used_min=number)
        return UseTold(boot="b", at_ms=at_ms, rev=rev, week="2026-06-01", lines=(line,))
    figures = SchoolFigures(declared=number)
    day = f"2026-10-0{what[-1]}"
    return SchoolTold(boot="b", at_ms=at_ms, rev=rev, day=day, feed="f1", figures=figures)
