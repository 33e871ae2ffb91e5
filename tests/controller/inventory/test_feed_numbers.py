"""Many write to the feed at once, and who reads it misses nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

from controller.database.store import Store
from controller.department.schools import ListPage
from controller.features import keep_batch
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from protocol.model import Place
from protocol.upward import ItemTold
from tests.databases import Database

PROVINCE = Place("14")
SCHOOLS, PAGES = 4, 25


def listed(school: int, number: int) -> ListPage:
    """A page of one item."""
    told = ItemTold(item=f"line:{number}", change=number + 1, room=f"P{number}", state="ok")
    place = Place("14", f"s{school}")
    return ListPage(place=place, feed="f", items=(told,), gone=(), last=False, at_ms=1)


def test_who_pulls_while_many_write_misses_and_doubles_nothing(database: Database) -> None:
    """Numbers are given and committed in one order, whoever writes."""
    with Store(database.url) as store:
        written = threading.Event()

        def write(school: int) -> None:
            for number in range(PAGES):
                store.write(keep_batch, [listed(school, number)], 1)

        def pull() -> list[tuple[str, str]]:
            seen, since = [], 0
            while True:
                last = written.is_set()
                with store.view() as db:
                    page = assets.changes(
                        db, PROVINCE, since=since, limit=7, chosen=Chosen(), now_ms=0
                    )
                seen += [(each.place.school, each.device_id) for each in page]
                since = page[-1].change if page else since
                if last and not page:
                    return seen

        with ThreadPoolExecutor(SCHOOLS + 1) as pool:
            pulled = pool.submit(pull)
            writers = [pool.submit(write, school) for school in range(SCHOOLS)]
            wait(writers)
            written.set()
            seen = pulled.result()
            for each in writers:
                each.result()
    wanted = {(f"s{school}", f"line:{n}") for school in range(SCHOOLS) for n in range(PAGES)}
    assert len(seen) == len(set(seen))
    assert set(seen) == wanted
