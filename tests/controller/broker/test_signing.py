"""What goes to an enrolled agent is proven to the start that is there; to others it is as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.broker.credentials import Credentials
from controller.broker.signing import BESIDE_S, LOOK_EVERY_S, CommandSigner
from protocol.proof import ProofError, ProofReader


def test_only_enrolled_agents_get_proofs_and_by_the_secret_they_have_now(tmp_path: Path) -> None:
    """Who is enrolled anew, or cut off, is noticed; a file that breaks changes nothing."""
    now, path = [0.0], tmp_path / "agents.json"
    credentials = Credentials(path)
    credentials.add("typed")
    signer = CommandSigner(credentials, "c1", lambda: now[0])
    first = credentials.issue("p1", "", 1)
    signer.note_start("p1", "b7")
    said = signer.signed("p1", b"word")
    assert ProofReader(first.secret, "p1").read(said) == (b"word", "b7")
    assert signer.signed("typed", b"word") == b"word"
    assert signer.signed("nobody", b"word") == b"word"
    path.write_bytes(b"{")
    now[0] += LOOK_EVERY_S
    assert ProofReader(first.secret, "p1").read(signer.signed("p1", b"word", "b6")).boot == "b6"
    path.unlink()
    second = credentials.issue("p1", "", 1)
    now[0] += LOOK_EVERY_S
    said = signer.signed("p1", b"word")
    assert ProofReader(second.secret, "p1").read(said).payload == b"word"
    with pytest.raises(ProofError):
        ProofReader(first.secret, "p1").read(said)
    assert (signer.is_other("p1", upward=True), signer.is_other("p1", upward=False)) == (
        True,
        False,
    )
    credentials.issue("00140708", "", 1, is_school=True)
    now[0] += LOOK_EVERY_S
    below = "00140708"
    assert (signer.is_other(below, upward=True), signer.is_other(below, upward=False)) == (
        False,
        True,
    )
    credentials.remove("p1")
    now[0] += LOOK_EVERY_S
    assert signer.signed("p1", b"word") == b"word"


def test_two_computers_of_one_identity_are_both_spoken_to(tmp_path: Path) -> None:
    """A restart is one; an earlier start that speaks after a newer one is beside it for a while."""
    now = [0.0]
    credentials = Credentials(tmp_path / "agents.json")
    credentials.issue("p1", "", 1)
    signer = CommandSigner(credentials, "c1", lambda: now[0])
    assert signer.starts("p1") == [""]
    for boot, starts in (("a", ["a"]), ("b", ["b"]), ("b", ["b"]), ("a", ["b", "a"])):
        signer.note_start("p1", boot)
        assert signer.starts("p1") == starts
    now[0] += BESIDE_S
    assert signer.starts("p1") == ["a"]
