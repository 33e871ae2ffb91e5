"""This file turns readings into health reports: at once on change, else on a slow beat. Pure.

It also judges the line: how far it reaches, and what that means for a lesson.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec.structs import replace as rewrite

from agent.room import AgentRoom, Messages, Moment
from hardware.readings import HostReading, LineReading
from protocol.health import Finding, Judgement, Limits, ReasonCode, judge
from protocol.messages import (
    Health,
    HealthChanged,
    HostMeasures,
    KitLine,
    LineMeasures,
    OutboxReport,
)
from protocol.model import Reason, Status, worst

HOLD_BEATS: Final = 2  # one beat's peak is no news; two in a row are
# These happen once: at the next beat they are over, and would never have held.
_MOMENTARY: Final = frozenset(
    {ReasonCode.CLOCK_JUMPED, ReasonCode.UNDER_VOLTAGE, ReasonCode.THROTTLED}
)

OUTAGE_WARNING_MIN: Final = 5.0  # a server that restarts is back within a minute

_Key = tuple[Status, str, str]  # how urgent, a reason's code, and its value where that is a word


class RoomReport(NamedTuple):
    """What a health report says of the room: devices here, line, kit, the plan that is held."""

    present_ids: tuple[str, ...] = ()
    line: LineMeasures = LineMeasures()
    kit: tuple[KitLine, ...] = ()
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """The machine's measures and what is said of them.

    findings: those that are told. waiting: for how many beats each change has been seen.
    """

    room: AgentRoom
    limits: Limits
    report_s: float
    measures: HostMeasures = field(default_factory=HostMeasures)
    findings: tuple[Finding, ...] = ()
    waiting: Mapping[_Key, int] = field(default_factory=dict)
    reported_s: float | None = None

    @property
    def judgement(self) -> Judgement:
        """The status with its reasons; unknown until something has been measured."""
        reasons = tuple(reason for _, reason in self.findings)
        if self.measures == HostMeasures():
            return Judgement(Status.UNKNOWN, reasons)
        return Judgement(worst([Status.OK, *(status for status, _ in self.findings)]), reasons)

    def beat(
        self,
        measures: HostMeasures,
        outbox: OutboxReport,
        extra: tuple[Finding, ...],
        report: RoomReport,
        moment: Moment,
    ) -> tuple[Vitals, Messages]:
        """Take in one beat's measures; report: what goes with them."""
        current = _findings(measures, self.limits, outbox, extra)
        first = self.reported_s is None
        waiting = {} if first else self._waiting(current)
        findings = current if first else self._ripe_findings(current, waiting)
        open_still = _keys(current) ^ _keys(findings)
        unripe = {key: beats for key, beats in waiting.items() if key in open_still}
        after = replace(self, measures=measures, findings=findings, waiting=unripe)
        if not (first or _differs(after, self) or self._due(moment)):
            return after, []
        messages: Messages = [_health(after, outbox, report, moment), *_change(after, self, moment)]
        return replace(after, reported_s=moment.steady_s), messages

    def _due(self, moment: Moment) -> bool:
        # A beat's own jitter must not push the report to the beat after.
        slack_s = self.room.beat_s / 2
        return moment.steady_s - (self.reported_s or 0.0) >= self.report_s - slack_s

    def _waiting(self, current: tuple[Finding, ...]) -> dict[_Key, int]:
        """How many beats in a row each difference from what is shown has been seen."""
        differing = _keys(current) ^ _keys(self.findings)
        return {key: self.waiting.get(key, 0) + 1 for key in differing}

    def _ripe_findings(
        self, current: tuple[Finding, ...], waiting: Mapping[_Key, int]
    ) -> tuple[Finding, ...]:
        """What was shown, but for what came or went long enough ago; with the values of now."""
        before = _keys(self.findings)
        ripe = {key for key, beats in waiting.items() if beats >= HOLD_BEATS}
        ripe |= {key for key in waiting if key[1] in _MOMENTARY and key not in before}
        ripe_keys = before ^ ripe
        now = {_key(finding): finding for finding in (*self.findings, *current)}
        result = [finding for key, finding in now.items() if key in ripe_keys]
        return tuple(sorted(result, key=lambda finding: finding[0] is not Status.CRITICAL))


def measures_of(reading: HostReading) -> HostMeasures:
    """The reading as it is said to the school."""
    return HostMeasures(**_measured(reading))


def line_measures(reading: LineReading | None) -> LineMeasures:
    """The reading as it is said to the school."""
    if reading is None:
        return LineMeasures()
    return LineMeasures(**_measured(reading))


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


def _measured(reading: HostReading | LineReading) -> dict[str, Any]:
    values = asdict(reading)
    del values["at"]
    return values


def _differs(after: Vitals, before: Vitals) -> bool:
    statuses = after.judgement.status, before.judgement.status
    return statuses[0] is not statuses[1] or _keys(after.findings) != _keys(before.findings)


def _health(after: Vitals, outbox: OutboxReport, report: RoomReport, moment: Moment) -> Health:
    return Health(
        boot=after.room.boot,
        at_ms=moment.witnessed_ms,
        status=after.judgement.status,
        reasons=after.judgement.reasons,
        measures=after.measures,
        outbox=outbox,
        seen=report.present_ids,
        line=report.line,
        kit=report.kit,
        plan=report.plan,
    )


def _change(after: Vitals, before: Vitals, moment: Moment) -> Messages:
    status = after.judgement.status
    calm_start = before.reported_s is None and status in {Status.OK, Status.UNKNOWN}
    if status is before.judgement.status or calm_start:
        return []
    changed = HealthChanged(
        boot=after.room.boot,
        at_ms=moment.at_ms,
        id=after.room.new_id(),
        room=after.room.room,
        status=status,
        reasons=after.judgement.reasons,
    )
    return [changed]


def _findings(
    measures: HostMeasures, limits: Limits, outbox: OutboxReport, extra: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """Every reason with its own urgency: critical is what breaks even the critical limits."""
    critical = {reason.code for reason in judge(measures, _critical_only(limits)).reasons}
    own = tuple(
        (Status.CRITICAL if reason.code in critical else Status.WARNING, reason)
        for reason in judge(measures, limits, outbox).reasons
    )
    return own + extra


@lru_cache(maxsize=1)
def _critical_only(limits: Limits) -> Limits:
    """The limits without those of warning."""
    out_of_reach = {
        name: -math.inf if name.startswith("battery") else math.inf
        for name in limits.__struct_fields__
        if "_warning_" in name
    }
    return rewrite(limits, **out_of_reach)


def _key(finding: Finding) -> _Key:
    status, reason = finding
    return status, reason.code, reason.value if isinstance(reason.value, str) else ""


def _keys(findings: tuple[Finding, ...]) -> set[_Key]:
    return {_key(finding) for finding in findings}
