"""Printed cards can be read back: right ids and codes, the right size, and no name on them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest
import zxingcpp
from sqlalchemy import select

from controller.__main__ import main
from controller.database.store import Store
from controller.roster import store as roster
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import plan_of
from controller.roster.tables import door_cards
from protocol.doorcode import fingerprint
from protocol.model import Place
from protocol.plan import Pupil
from tests.conftest import need
from tests.databases import sqlite_in

DPI = 100
MM = DPI / 25.4
NAME = "Lò Thị Ánh"


@pytest.fixture
def school(tmp_path: Path) -> Path:
    pupils = tuple(Pupil(number=no, student=f"s{no}", name=NAME) for no in (1, 2, 7, 49, 120))
    with Store(sqlite_in(tmp_path)) as store, store.locked(Place()) as db:
        lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
        roster.keep_lists(db, Place(), lists, day="2026-09-05")
    return tmp_path


def printed(school: Path, *more: str) -> Path:
    out = school / "cards.pdf"
    told = ["cards", "print", "--class", "10A1", "--out", str(out), "--data", str(school), *more]
    assert main(told) == 0
    return out


def pages(pdf: Path) -> list[Any]:
    need("pdftoppm", "poppler-utils")
    stem = pdf.with_suffix("")
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", pdf, stem], check=True)
    files = sorted(pdf.parent.glob(f"{stem.name}-*.png"))
    return [cv2.imread(str(each), cv2.IMREAD_GRAYSCALE) for each in files]


def text_of(pdf: Path, *more: str) -> str:
    need("pdftotext", "poppler-utils")
    done = subprocess.run(["pdftotext", *more, pdf, "-"], check=True, capture_output=True)
    return done.stdout.decode()


def plan(school: Path) -> Any:
    with Store(sqlite_in(school)) as store:
        return store.read(plan_of, Place())


def serials(school: Path, *, is_revoked: bool = False) -> dict[str, str]:
    """Of the cards that open, or of those that were revoked, by pupil."""
    revoked = (
        door_cards.c.revoked_ms.is_not(None) if is_revoked else door_cards.c.revoked_ms.is_(None)
    )
    query = select(door_cards.c.student, door_cards.c.serial).where(revoked)
    with Store(sqlite_in(school)) as store, store.view() as db:
        return {row.student: row.serial for row in db.execute(query)}


def test_each_marker_is_18_cm_on_a4_and_bears_the_number(school: Path) -> None:
    """Read back by OpenCV, up to the highest number that a class can have."""
    found = []
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
    for page in pages(printed(school)):
        assert page.shape == pytest.approx((297 * MM, 210 * MM), abs=2)
        corners, ids, _ = cv2.aruco.ArucoDetector(dictionary).detectMarkers(page)
        (only,) = ids.flatten().tolist()
        found.append(only)
        side = cv2.arcLength(corners[0], closed=True) / 4 / MM
        assert side == pytest.approx(180, abs=1)
    assert found == [1, 2, 7, 49, 120]


def test_no_name_stands_beside_a_number(school: Path) -> None:
    """Whoever finds a card learns a class and a number."""
    text = text_of(printed(school, "--names"))
    assert "10A1 · 7" in text
    assert not any(word in text for word in NAME.split())


def test_each_door_card_is_signed_and_known(school: Path) -> None:
    """Read back by zxing; rooms know it as the pupil's, and get no key."""
    (page,) = pages(printed(school, "--door"))
    texts = [each.text for each in zxingcpp.read_barcodes(page)]
    kept = plan(school)
    assert len(texts) == 5
    assert set(map(fingerprint, texts)) == {card.serial for card in kept.door_cards}
    assert (kept.door_keys, kept.revoked) == ({}, ())
    assert not any(word in text_of(school / "cards.pdf") for word in NAME.split())


def test_the_names_stand_on_a_page_of_their_own(school: Path) -> None:
    """For handing out, beside the end of the serial and not the number."""
    pdf = printed(school, "--door", "--names")
    cards, names = text_of(pdf, "-l", "1"), text_of(pdf, "-f", "2")
    assert NAME.split(maxsplit=1)[0] not in cards
    assert NAME in names
    assert "10A1" not in names


def test_a_reprinted_card_revokes_the_one_before(school: Path) -> None:
    """A pupil has one card that opens."""
    printed(school, "--door")
    first, issued = plan(school).door_cards, serials(school)
    printed(school, "--door", "--student", "s7")
    after = plan(school).door_cards
    assert serials(school, is_revoked=True) == {"s7": issued["s7"]}
    assert {card.student for card in set(first) - set(after)} == {"s7"}
    assert len(after) == 5


def test_a_card_is_revoked_by_what_is_printed_on_it(school: Path) -> None:
    """Or by its pupil; one that is not there is told."""
    printed(school, "--door")
    serial = serials(school)["s7"]
    assert main(["cards", "revoke", serial[-6:], "--data", str(school)]) == 0
    assert serials(school, is_revoked=True) == {"s7": serial}
    assert "s7" not in {card.student for card in plan(school).door_cards}
    assert main(["cards", "revoke", serial, "--data", str(school)]) == 2
    assert main(["cards", "revoke", "--data", str(school)]) == 2
