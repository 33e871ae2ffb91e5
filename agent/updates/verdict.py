"""This file decides what an offer is to this computer: taken, or answered with a reason. Pure.

Nothing here is believed yet: whoever fetches a package checks its signature before all else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.updates.standing import INSTALLED, Standing
from protocol.messages import UpdateOffered, UpdateStep
from protocol.package import Fit, Manifest, PackageError, fitting, manifest_in
from protocol.version import is_later, is_reachable


class Unfit(StrEnum):
    """Why nothing is done about an offer."""

    NOT_LAUNCHED = "not_launched"  # whoever starts the agent knows of no versions
    NOT_ENROLLED = "not_enrolled"  # without the school's certificate nobody is asked
    NO_KEY = "no_key"
    NO_PACKAGE = "no_package"
    TOO_FAR = "too_far"  # more than one minor version back, or one in between is missing
    NOT_PREVIOUS = "not_previous"  # nothing lies here to which one could go back


@dataclass(frozen=True, slots=True)
class Here:
    """This computer: what runs, whether it is started so that it can change, whom it believes."""

    running: str
    fit: Fit
    is_launched: bool
    is_enrolled: bool
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """This package is to be fetched."""

    manifest: Manifest
    text: str
    signature: str


@dataclass(frozen=True, slots=True)
class Answered:
    """There is nothing to do but to say so."""

    step: UpdateStep
    reason: str = ""


class Plain(StrEnum):
    """What needs no more words."""

    LEFT = "left"  # it was taken back
    BACK = "back"


def verdict_on(offer: UpdateOffered, standing: Standing, here: Here) -> Taken | Answered | Plain:
    """What an offer is to this computer."""
    if offer.is_back:
        return _of_way_back(offer, standing, here)
    if not offer.packages:
        return Plain.LEFT
    if offer.version == here.running:
        return Answered(UpdateStep.KEPT)
    if failure := standing.failure_of(offer.version, offer.offer):
        return Answered(UpdateStep.FAILED, failure.reason)
    if refusal := _refusal(here):
        return Answered(UpdateStep.UNFIT, refusal)
    return _chosen(offer, here)


def _refusal(here: Here) -> Unfit | None:
    if not here.is_launched:
        return Unfit.NOT_LAUNCHED
    if not here.is_enrolled:
        return Unfit.NOT_ENROLLED
    return None if here.keys else Unfit.NO_KEY


def _chosen(offer: UpdateOffered, here: Here) -> Taken | Answered:
    try:
        manifests = [manifest_in(one.manifest.encode()) for one in offer.packages]
    except PackageError as error:
        return Answered(UpdateStep.UNFIT, error.flaw)
    number = fitting(manifests, here.fit)
    if number is None or manifests[number].version != offer.version:
        return Answered(UpdateStep.UNFIT, Unfit.NO_PACKAGE)
    manifest = manifests[number]
    if not is_reachable(here.running, offer.version) or is_later(manifest.least, here.running):
        return Answered(UpdateStep.UNFIT, Unfit.TOO_FAR)
    signed = offer.packages[number]
    return Taken(manifest, signed.manifest, signed.signature)


def _of_way_back(offer: UpdateOffered, standing: Standing, here: Here) -> Answered | Plain:
    if here.running != offer.version:
        return Answered(UpdateStep.BACK)
    if standing.current == INSTALLED:
        return Answered(UpdateStep.UNFIT, Unfit.NOT_PREVIOUS)
    return Plain.BACK
