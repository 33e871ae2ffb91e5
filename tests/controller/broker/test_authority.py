"""The controller's own authority is made once, is for its owner alone, and holds since 1970."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from controller.broker.authority import Authority, AuthorityError
from protocol.pin import CONTROLLER_NAME


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """A second start shows the same."""
    first = Authority(tmp_path)
    shown = first.machine()
    before = {path: path.read_bytes() for path in (tmp_path / "tls").iterdir()}
    assert Authority(tmp_path).machine() == shown
    assert {path: path.read_bytes() for path in (tmp_path / "tls").iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in before} == {0o600}
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("gone", ["ca.pem", "machine.pem", "machine.key"])
def test_a_first_start_that_was_killed_is_gone_on_with(gone: str, tmp_path: Path) -> None:
    """Whatever file it had not written; a certificate without its key is made anew."""
    Authority(tmp_path).machine()
    (tmp_path / "tls" / gone).unlink()
    if gone == "ca.pem":
        (tmp_path / "tls" / "machine.pem").unlink()
    authority = Authority(tmp_path)
    chain = x509.load_pem_x509_certificates(authority.machine().chain.read_bytes())
    chain[0].verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pem().encode()))


def test_without_its_key_it_is_not_made_anew(tmp_path: Path) -> None:
    """Every room believes the old one: a person has a copy, or must know."""
    Authority(tmp_path).machine()
    for name in ("ca.key", "machine.pem"):
        (tmp_path / "tls" / name).unlink()
    with pytest.raises(AuthorityError) as caught:
        Authority(tmp_path).machine()
    assert caught.value.code == "authority_key_gone"


@pytest.mark.parametrize("year", [1970, 2026, 2049])
def test_it_holds_at_every_time_that_a_room_may_believe_in(year: int, tmp_path: Path) -> None:
    """A Pi without a clock wakes in 1970."""
    authority = Authority(tmp_path)
    leaf, ca = x509.load_pem_x509_certificates(authority.machine().chain.read_bytes())
    at = datetime(year, 1, 2, tzinfo=UTC)
    verifier = PolicyBuilder().store(Store([ca])).time(at)
    assert verifier.build_server_verifier(x509.DNSName(CONTROLLER_NAME)).verify(leaf, [])


def test_starting_again_loads_no_library_of_certificates(tmp_path: Path) -> None:
    """Only signing does."""
    Authority(tmp_path).machine()
    look = (
        "import sys; from pathlib import Path; from controller.broker.authority import Authority;"
        f"Authority(Path({str(tmp_path)!r})).machine(); sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
