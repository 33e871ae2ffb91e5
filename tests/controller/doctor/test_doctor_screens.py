"""What the doctor says of the screens' certificate: by facts, and of a real folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.broker.authority import Authority, Certificate
from controller.config import ControllerConfig
from controller.doctor.probes import probes
from controller.doctor.screens import SOON, ScreensFact
from controller.web.certificate import ScreenTls, Seen, screen_certificate
from protocol.doctor import Check, Diagnosis
from protocol.model import Status
from protocol.words import translator

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD = Seen(frozenset({"localhost"}), NOW - DAY, NOW + 300 * DAY)


EARLY, LATE, NEAR = NOW - 2 * DAY, NOW + 301 * DAY, GOOD.until - SOON + DAY


def fact(seen: Seen | None = GOOD, *, own: bool = False, now: datetime = NOW) -> ScreensFact:
    """The screens' certificate as it was seen."""
    return ScreensFact("/x.pem", seen, is_own=own, now=now)


@pytest.mark.parametrize(
    ("fact", "status", "code"),
    [
        (fact(), Status.OK, "screens_encrypted"),
        (fact(now=NEAR), Status.OK, "screens_encrypted"),
        (fact(None), Status.CRITICAL, "screens_certificate_absent"),
        (fact(None, own=True), Status.CRITICAL, "screens_certificate_unreadable"),
        (fact(now=EARLY), Status.CRITICAL, "screens_certificate_ended"),
        (fact(now=LATE, own=True), Status.CRITICAL, "screens_certificate_ended"),
        (fact(now=NEAR, own=True), Status.WARNING, "screens_certificate_ends"),
        (replace(fact(), uncovered=("a.vn",)), Status.WARNING, "screens_name_uncovered"),
    ],
)
def test_what_each_fact_means(fact: ScreensFact, status: Status, code: str) -> None:
    """With what to do wherever something is wrong, in both languages and without a gap."""
    said = fact.judge()
    assert (said.status, said.code) == (status, code)
    assert bool(said.hint) == (status is not Status.OK)
    for language in ("vi", "en"):
        assert "{" not in said.sentence(translator(language)) + said.advice(translator(language))


def screens(config: ControllerConfig) -> list[Diagnosis]:
    """What is said of a folder."""
    _, look = [each for each in probes(config) if each[0] is Check.CERTIFICATE][-1]
    return [fact.judge() for fact in look()]


def config(data: Path, **more: str) -> ControllerConfig:
    """A school whose screens others may see."""
    values = {"http_host": "::", **more}
    return ControllerConfig(school="1", province="14", data=data, **values)  # type: ignore[arg-type]


def codes(found: ControllerConfig) -> list[str]:
    """The same, in codes."""
    return [each.code for each in screens(found)]


def test_of_a_real_folder(tmp_path: Path) -> None:
    """Before the first start, at work, with a name that nobody here may sign, and harmed."""
    school = config(tmp_path)
    assert codes(config(tmp_path, http_host="127.0.0.1")) == []
    assert codes(school) == ["screens_certificate_absent"]
    ScreenTls(school, lambda: int(datetime.now(UTC).timestamp() * 1000)).look()
    assert codes(school) == ["screens_encrypted"]
    assert codes(config(tmp_path, allowed_hosts="a.edu.vn, *")) == ["screens_name_uncovered"]
    screen_certificate(tmp_path).key.write_text("")
    assert codes(school) == ["screens_certificate_absent"]


def test_of_the_schools_own(tmp_path: Path) -> None:
    """By its files, whoever signed them."""
    authority = Authority(tmp_path / "province")
    place = Certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    own = config(tmp_path, http_chain_file=str(place.chain), http_key_file=str(place.key))
    assert codes(own) == ["screens_certificate_unreadable"]
    now = datetime.now(UTC)
    for until, code in (
        (now + 90 * DAY, "screens_encrypted"),
        (now + 9 * DAY, "screens_certificate_ends"),
        (now - DAY, "screens_certificate_ended"),
    ):
        authority.sign(place, "x", ["a.lan"], now - 2 * DAY, until)
        assert codes(own) == [code]
