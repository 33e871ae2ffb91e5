"""This file judges the line: how far it reaches, and what that means for a lesson. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from hardware.readings import LineReading
from protocol.health import Finding, ReasonCode
from protocol.messages import LineMeasures
from protocol.model import Reason, Status

OUTAGE_WARNING_MIN: Final = 5.0  # a server that restarts is back within a minute


def line_measures(reading: LineReading | None) -> LineMeasures:
    """The reading as it is said to the school."""
    if reading is None:
        return LineMeasures()
    values = asdict(reading)
    del values["at"]
    return LineMeasures(**values)


def line_findings(reading: LineReading | None) -> tuple[Finding, ...]:
    """What is out of reach; without a network nothing further is said."""
    if reading is None:
        return ()
    if reading.gateway is False and not reading.controller:
        return ((Status.WARNING, Reason(ReasonCode.GATEWAY_UNREACHABLE)),)
    findings: list[Finding] = []
    if reading.controller is False and reading.outage_min >= OUTAGE_WARNING_MIN:
        minutes = round(reading.outage_min)
        findings.append((Status.WARNING, Reason(ReasonCode.CONTROLLER_UNREACHABLE, minutes)))
    # Lessons need no internet: it is told, and nobody is alarmed.
    if reading.internet is False:
        findings.append((Status.OK, Reason(ReasonCode.INTERNET_UNREACHABLE)))
    elif reading.dns is False:
        findings.append((Status.OK, Reason(ReasonCode.DNS_FAILING)))
    return tuple(findings)
