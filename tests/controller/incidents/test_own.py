"""What the server finds wrong with itself is a cause of its own, by whichever part finds it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from controller.broker.authority import Authority
from controller.config import ControllerConfig
from controller.department.above import CUT_MS, UNHEARD_S, AboveFact, LineAbove
from controller.features import FEATURES
from controller.incidents.own import OwnFindings
from controller.web.certificate import screen_certificate
from protocol.doctor import Check, Diagnosis
from protocol.model import Status, instant
from protocol.words import translator
from tests.controller.web_school import NOW_MS

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("fact", "status", "code"),
    [
        (AboveFact(None, 0), Status.OK, "department_heard"),
        (AboveFact(CUT_MS - 1, 2 * UNHEARD_S), Status.OK, "department_heard"),
        (AboveFact(CUT_MS, 0), Status.WARNING, "department_cut"),
        (AboveFact(None, UNHEARD_S), Status.WARNING, "department_silent"),
    ],
)
def test_what_the_line_above_means(fact: AboveFact, status: Status, code: str) -> None:
    """Cuts of minutes are nothing; whatever is wrong says what to do."""
    said = fact.judge()
    assert (said.status, said.code) == (status, code)
    assert bool(said.hint) == (status is not Status.OK)
    for language in ("vi", "en"):
        assert "{" not in said.sentence(translator(language)) + said.advice(translator(language))


def test_a_cut_counts_from_the_first_look_that_saw_it() -> None:
    """A line that is there again begins anew; without a department there is nothing to say."""
    line = LineAbove(None)
    assert line.fact(0) is None
    is_there = False
    line.watch = lambda: (is_there, 7)
    assert line.fact(HOUR_MS) == AboveFact(0, 7)
    assert line.fact(2 * HOUR_MS) == AboveFact(HOUR_MS, 7)
    is_there = True
    assert line.fact(3 * HOUR_MS) == AboveFact(None, 7)
    is_there = False
    assert line.fact(4 * HOUR_MS) == AboveFact(0, 7)


def codes(found: OwnFindings, now_ms: int) -> dict[str, int]:
    """What is found, and since when."""
    return {signal.code: signal.since_ms for signal in found.signals(now_ms) if signal.code != DISK}


DISK = "disk_low"  # this machine's own


def test_what_any_part_finds_is_a_signal_of_the_server(tmp_path: Path) -> None:
    """Found well it is none; its words, hint and values are the part's own."""
    wrong = Diagnosis(Check.BROKER, Status.WARNING, "x_wrong", "{n}", "Do it.", {"n": 3})
    found = [[wrong], [wrong._replace(status=Status.OK, code="y_well")], []]
    features = [SimpleNamespace(findings=lambda _, some=some: some) for some in found]
    features.append(SimpleNamespace(findings=None))
    program = SimpleNamespace(
        config=SimpleNamespace(data=tmp_path), features=features, trouble=lambda: "broker_lost"
    )
    own = OwnFindings(program)  # type: ignore[arg-type]
    assert codes(own, NOW_MS) == {"x_wrong": NOW_MS, "broker_lost": NOW_MS}
    (signal,) = [one for one in own.signals(NOW_MS + 1) if one.code == "x_wrong"]
    assert (signal.place, signal.hint, signal.values) == ("", "Do it.", {"n": 3})
    found[0].clear()
    assert codes(own, NOW_MS + HOUR_MS) == {"broker_lost": NOW_MS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose screens' certificate ended yesterday."""
    data = tmp_path / "data"
    authority = Authority(data)
    now = instant(NOW_MS)
    shown = screen_certificate(data)
    authority.sign(shown, "x", ["localhost"], now - timedelta(days=3), now - timedelta(days=1))
    return data


def test_the_certificate_is_among_what_features_find(folder: Path) -> None:
    """As the doctor judges it, by the program's own clock."""
    (doctor,) = [feature for feature in FEATURES if feature.name == "doctor"]
    config = ControllerConfig(school="s", province="p", data=folder, http_host="10.0.0.1")
    program = SimpleNamespace(config=config, now_ms=lambda: NOW_MS)
    assert doctor.findings
    (found,) = doctor.findings(program)  # type: ignore[arg-type]
    assert (found.code, found.status) == ("screens_certificate_ended", Status.CRITICAL)


def test_who_finds_something_is_known() -> None:
    """Copies, the certificate and the line to the department are lines of their own."""
    finders = {feature.name for feature in FEATURES if feature.findings}
    assert finders == {"copies", "doctor", "department"}
