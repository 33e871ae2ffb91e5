"""Two computers of one disk: every record is kept; what nobody signed is the one that is named."""

from __future__ import annotations

from itertools import permutations

from controller.evidence.chains import chain_findings
from controller.evidence.findings import Flaw
from controller.evidence.tombstones import AskedErasure, tombstone_findings
from controller.fleet.records import ErasureProofRecord
from protocol.chain import ROOT, link_record
from protocol.messages import ErasureProof
from protocol.model import Place

AGENT = Place("14", "00140708", "p203")


def kept(name: str, before: str, run: int = 1, erasure: str = "e1") -> ErasureProofRecord:
    """A proof as the school keeps it, behind the record with this hash."""
    said = link_record(
        ErasureProof(boot="", at_ms=1, id=name, room="P203", actor="agent", erasure=erasure), before
    )
    links = {"before": said.before, "hash": said.hash}
    return ErasureProofRecord(
        place=AGENT,
        event_id=name,
        room="P203",
        erasure=erasure,
        actor="agent",
        at_ms=1,
        received_ms=1,
        run=run,
        seq=1,
        **links,
    )


COMMON = kept("common", ROOT, erasure="e0")
BRANCHES = (kept("of-one", COMMON.hash, 2), kept("of-other", COMMON.hash, 3))
LOG = (COMMON, *BRANCHES)


def test_what_both_signed_is_no_break_and_what_one_did_not_sign_is_named() -> None:
    """In whatever order they came; of the one that was switched off first, nothing is lost."""
    for log in permutations(LOG):
        signed = {AGENT.agent: frozenset(one.hash for one in LOG)}
        assert chain_findings(log, covered=signed) == []
        for branch in BRANCHES:
            of_other = {AGENT.agent: frozenset(one.hash for one in LOG if one is not branch)}
            (finding,) = chain_findings(log, covered=of_other)
            assert (finding.why, finding.event_id) == (Flaw.FORKED, branch.event_id)


def test_an_erasure_is_proven_by_each_for_what_each_had_said() -> None:
    """Records with a tombstone, said before either proof, are explained; in any order."""
    asked = [AskedErasure("e1", at_ms=0, agents=frozenset({AGENT.agent}), is_closed=True)]
    for log in permutations(LOG):
        assert tombstone_findings(log, asked, has_older=False) == []
    (missing,) = tombstone_findings([COMMON], asked, has_older=False)
    assert missing.why is Flaw.ERASURE_UNPROVEN
