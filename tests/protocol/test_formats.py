"""Numbers, days and times are written as each language writes them, in Python and in scripts."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import formats
from protocol.errors import LopHocError
from protocol.language import requested_language
from protocol.words import LANGUAGES, translator
from tests.conftest import need

SCHOOL = ZoneInfo("Asia/Ho_Chi_Minh")
AT_MS = 1_788_563_105_000  # 2026-09-04 23:05:05 UTC
VALUES = [0, 7, -5, 999, 1000, 1234.5, 1234.56, -70, -1234, 98_500_000, 0.5, 66.7, 1e9]
SCRIPT = Path(__file__).parents[2] / "controller/dashboard/static/live-wording.js"


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (0, "0", "0"),
        (1000, "1.000", "1,000"),
        (1234.56, "1.234,6", "1,234.6"),
        (-1234, "-1.234", "-1,234"),
        (98_500_000, "98.500.000", "98,500,000"),
        (2.0, "2", "2"),
        ("1.0.2", "1.0.2", "1.0.2"),
        ("", "?", "?"),
        (None, "?", "?"),
    ],
    ids=str,
)
def test_a_number_is_written_as_the_language_does(
    value: float | str | None, vi: str, en: str
) -> None:
    """Text stays as it is, and nothing is a question."""
    assert formats.number(value, translator("vi")) == vi
    assert formats.number(value, translator("en")) == en


def test_minutes_are_told_as_hours() -> None:
    """To one decimal; what is not known is a question."""
    say = translator("vi")
    assert [formats.hours(each, say) for each in (0, 90, 100, 60_000, None)] == [
        "0", "1,5", "1,7", "1.000", "?",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_come_first_in_both_languages(language: str) -> None:
    """By the school's clock, wherever the server stands."""
    say = translator(language)
    assert formats.day(date(2026, 9, 5), say) == "05/09/2026"
    assert formats.short_day(date(2026, 9, 5), say) == "05/09"
    assert formats.day_of(AT_MS, SCHOOL, say) == "05/09/2026"
    assert formats.clock(AT_MS, SCHOOL, say) == "06:05"
    assert formats.moment(AT_MS, SCHOOL, say) == "05/09/2026 06:05"


def test_a_moment_in_a_sentence_has_its_word() -> None:
    """As papers say it."""
    assert formats.moment_in_text(AT_MS, SCHOOL, translator("vi")) == "06:05 ngày 05/09/2026"
    assert formats.moment_in_text(AT_MS, SCHOOL, translator("en")) == "06:05 on 05/09/2026"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_and_its_script_write_alike(language: str) -> None:
    """What the line changes on an open page looks like what the server wrote."""
    node, say = need("node", "nodejs"), translator(language)
    words = {"locale": formats.LOCALES[language], "zone": str(SCHOOL)}
    program = f"""
        import {{ Wording }} from {json.dumps(SCRIPT.as_uri())};
        const wording = new Wording({json.dumps(words)});
        const numbers = {json.dumps(VALUES)}.map((each) => wording.number(each));
        console.log(JSON.stringify([...numbers, wording.when({AT_MS})]));
    """
    done = subprocess.run(
        [node, "--input-type=module", "--eval", program],
        capture_output=True,
        check=True,
        timeout=60,
    )
    expected = [formats.number(each, say) for each in VALUES] + [formats.moment(AT_MS, SCHOOL, say)]
    assert json.loads(done.stdout) == expected


def test_a_phrase_is_filled_once_numbers_by_language() -> None:
    """What a device calls itself stays a name, even if it looks like one of ours."""
    text = "The processor is very busy ({value} %)."
    assert formats.phrase(text, translator("en"), value=1234.5).endswith("(1,234.5 %).")
    assert formats.phrase(text, translator("vi"), value=1234.5).endswith("(1.234,5 %).")
    assert formats.phrase("{a} {b} {c}", str, a="{b}", b=1000, c=None) == "{b} 1,000 None"
    assert formats.phrase("{a} {b} %", str, a="2026") == "2026 {b} %"
    assert formats.phrase("On {day}.", str, day=date(2026, 9, 5)) == "On 05/09/2026."


@given(st.integers(0, 10**7), st.integers(0, 3))
def test_each_count_of_a_sentence_has_its_own_noun(rows: int, tables: int) -> None:
    """One of a thing is one; what has no value stays as it is."""
    text = "{rows} {rows:row|rows} in {tables} {tables:table is|tables are} {state:a|b}."
    told = formats.phrase(text, str, rows=rows, tables=tables)
    thing = {1: "row"}.get(rows, "rows")
    those = {1: "table is"}.get(tables, "tables are")
    assert told == f"{rows:,} {thing} in {tables} {those} {{state:a|b}}."


def test_an_errors_values_are_told_as_they_are() -> None:
    """A port is a name, not a number."""
    error = LopHocError("c", "{host}:{port} of {n}", "Do {host}.", host="{port}", port=8080)
    assert error.text(str) == "{port}:8080 of {n} Do {port}."


@pytest.mark.parametrize(
    ("lang", "accepted", "language"),
    [
        ("en", "vi", "en"),
        ("fr", "en-GB,en;q=0.9", "en"),
        ("", "fr, EN;q=0.5", "en"),
        ("", "", "vi"),
        ("", "fr", "vi"),
        ("", "x" * 200 + ",en", "vi"),
        ("", "en;q=0, *", "vi"),
        ("", "vi;q=0.1, en;q=0.9", "en"),
        ("", "en;q=x, vi", "en"),
        ("", ",;;,q=1,é", "vi"),
    ],
    ids=[
        "asked",
        "unknown",
        "second",
        "nothing",
        "none of ours",
        "endless",
        "refused",
        "rather",
        "odd",
        "nonsense",
    ],
)
def test_a_request_is_answered_in_its_language(lang: str, accepted: str, language: str) -> None:
    """By its address, then by its browser, then by the school's own."""
    assert requested_language(lang, accepted, "vi") == language


@pytest.mark.parametrize(
    ("maker", "model", "called"),
    [
        ("SMART", "SB680", "SMART SB680"),
        ("Raspberry Pi", "Raspberry Pi 4 Model B", "Raspberry Pi 4 Model B"),
        ("HP", "HPE 1920", "HP HPE 1920"),
        ("Dell", "DELL", "DELL"),
        ("", "X1", "X1"),
        ("Acer", "", "Acer"),
        ("", "", ""),
    ],
)
def test_a_maker_is_named_once(maker: str, model: str, called: str) -> None:
    """Also where the model's name begins with it."""
    assert formats.made(maker, model) == called


@pytest.mark.parametrize(
    ("kind", "name", "called"),
    [
        ("bảng tương tác", "Bảng tương tác P102", "Bảng tương tác P102"),
        ("máy tính bảng", "Máy 3", "máy tính bảng Máy 3"),
        ("camera", "Camera P102", "Camera P102"),
        ("camera", "camera", "camera"),
        ("camera", "Cameraman 3", "camera Cameraman 3"),
        ("máy tính bảng", "SM-T225", "máy tính bảng SM-T225"),
        ("camera", "", "camera"),
        ("", "SM-T225", "SM-T225"),
    ],
)
def test_a_kind_is_said_once(kind: str, name: str, called: str) -> None:
    """Also where the name that people gave begins with it."""
    assert formats.with_kind(kind, name) == called
