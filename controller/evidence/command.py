"""This file is `lophoc-controller attendance verify`: it says what does not hold, and where."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Final

from controller.cli.folder import data_folder, told_copies, told_zone
from controller.cli.output import tell
from controller.config import ENVIRONMENT, ControllerConfig
from controller.copies.beginning import beginnings_in
from controller.copies.content import COPIES
from controller.copies.standing import standing_in
from controller.database.store import Store
from controller.evidence.copies import compared_with, copies_beside, database_in
from controller.evidence.findings import Finding
from controller.evidence.sealed import sealed_heads
from controller.evidence.seals import KeptSeals
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import Verdict, verdict_on
from controller.evidence.words import verdict_lines
from protocol.model import Place
from protocol.settings import SettingsError, speaker
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

EXIT_BROKEN = 1
MAX_SEALS_BYTES: Final = 64 * 1024 * 1024


def verify(options: argparse.Namespace, store: Store, scope: Place) -> int:
    """Tell what does not hold; 1 if there is anything. Raises StoreError."""
    evidence = store.read(evidence_of, scope)
    data = data_folder(options)
    brought = [path for path in options.against if beginnings_in(path)]
    against = [database_in(path) for path in options.against if path not in brought]
    compared = compared_with(
        [*copies_beside(data), *against],
        evidence.records,
        school=scope.school,
        forgotten_before_ms=evidence.forgotten_before_ms,
    )
    seals = _seals_in(options.seals, scope) if options.seals else None
    config = ControllerConfig(province=scope.province, school=scope.school, data=data)
    places = dict.fromkeys([*told_copies(options), *standing_in(data / COPIES).places])
    sealed = sealed_heads(config, places, brought, scope)
    zone = told_zone(options)
    verdict = verdict_on(evidence, zone, is_signed, compared, seals=seals, sealed=sealed)
    if options.json:
        tell(json.dumps(_as_json(verdict)))
    else:
        for line in verdict_lines(verdict, speaker(ENVIRONMENT, os.environ)):
            tell(line)
    return 0 if verdict.holds else EXIT_BROKEN


def _seals_in(path: Path, scope: Place) -> KeptSeals:
    """What the department wrote of this school. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            seals = from_json(file.read(MAX_SEALS_BYTES), KeptSeals)
    except (OSError, *UNREADABLE) as error:
        raise SettingsError(
            "seals_unreadable",
            N_("The department's file {path} cannot be read."),
            N_("Have it written again: lophoc-controller schools seals CODE -o FILE"),
            path=path,
        ) from error
    if Place(seals.province, seals.school) != scope:
        raise SettingsError(
            "seals_of_another",
            N_("The file {path} is of another school, {school}."),
            path=path,
            school=seals.school,
        )
    return seals


def _as_json(verdict: Verdict) -> dict[str, object]:
    figures = {name: value for name, value in verdict._asdict().items() if name != "findings"}
    return {"holds": verdict.holds, **figures, "breaks": [*map(_finding, verdict.findings)]}


def _finding(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in finding._asdict().items() if value not in {"", None}}
