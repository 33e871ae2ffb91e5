from __future__ import annotations

import pytest

from agent.equipment.condition import DeviceCondition, both, condition_of
from hardware.readings import (
    CameraReading,
    CameraState,
    PowerState,
    ProjectorPart,
    ProjectorReading,
)
from protocol.health import Limits, ReasonCode
from protocol.model import DeviceMeasures, Reason, Status


def camera(state: CameraState, reason: str = "") -> DeviceCondition:
    """How a camera with this picture fares in a lesson."""
    seen = {"mean": 112.0}
    reading = CameraReading(key="mac:1", at=0.0, state=state, measures=seen, reason=reason)
    return condition_of(reading, Limits(), lesson=True)


@pytest.mark.parametrize("state", CameraState)
def test_every_picture_but_a_good_one_has_a_reason_of_its_own(state: CameraState) -> None:
    """Nobody is told less than was seen."""
    condition = camera(state)
    assert (condition.status is Status.OK) == (state is CameraState.OK)
    codes = [each.code for each in condition.reasons]
    assert codes == ([] if state is CameraState.OK else [f"picture_{state}"])
    assert condition.measures == DeviceMeasures(picture=state)


def test_a_camera_that_answers_again_is_well_and_its_picture_not_yet_judged() -> None:
    """What stood in the way is gone; nothing is lock_plan of the picture."""
    reading = CameraReading(key="mac:1", at=0.0, state=CameraState.OK)
    assert condition_of(reading, Limits(), lesson=True) == DeviceCondition(Status.OK)


def test_a_dark_room_is_no_fault_outside_lessons() -> None:
    """The lights are out; a covered or frozen camera is one at any time."""
    for state, status in ((CameraState.BLACK, Status.OK), (CameraState.FROZEN, Status.CRITICAL)):
        reading = CameraReading(key="mac:1", at=0.0, state=state)
        assert condition_of(reading, Limits(), lesson=False).status is status


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("needs_password", Status.WARNING, ReasonCode.NEEDS_PASSWORD),
        ("no_answer", Status.CRITICAL, ReasonCode.NO_ANSWER),
        ("stalled", Status.CRITICAL, ReasonCode.STALLED),
        ("no_rights", Status.WARNING, ReasonCode.NO_RIGHTS),
        ("in_use", Status.OK, ReasonCode.BUSY),
        ("nonsense", Status.WARNING, ReasonCode.NONSENSE),
        ("something new", Status.CRITICAL, ReasonCode.PICTURE_DISCONNECTED),
    ],
)
def test_what_stands_in_the_way_of_a_picture_is_told(
    reason: str, status: Status, code: ReasonCode
) -> None:
    """A camera in use by the lesson is no trouble."""
    condition = camera(CameraState.DISCONNECTED, reason)
    assert condition.status is status
    assert [each.code for each in condition.reasons] == [code]


def test_a_projector_tells_its_parts_and_its_lamp() -> None:
    """What failed is critical, what warns is a warning, an old lamp too."""
    reading = ProjectorReading(
        key="mac:2",
        at=0.0,
        power=PowerState.ON,
        input="HDMI 1",
        lamp_hours=(120, 3249),
        filter_hours=400,
        failing=(ProjectorPart.FAN,),
        warned=(ProjectorPart.FILTER,),
    )
    condition = condition_of(reading, Limits(), lesson=True)
    assert condition == DeviceCondition(
        Status.CRITICAL,
        (Reason("part_fan"), Reason("part_filter"), Reason("lamp_old", 3200, 3000)),
        DeviceMeasures(power="on", input="HDMI 1", lamp_hours=3249, filter_hours=400),
    )


def test_a_projector_that_tells_nothing_is_well_and_measures_nothing() -> None:
    """No lamp hours are not zero hours."""
    reading = ProjectorReading(key="mac:2", at=0.0)
    condition = condition_of(reading, Limits(), lesson=False)
    assert (condition.status, condition.reasons) == (Status.OK, ())
    assert condition.measures == DeviceMeasures(power="unknown")


def test_of_two_conditions_the_worse_counts_and_no_reason_is_said_twice() -> None:
    """A board that is a projector too."""
    one = DeviceCondition(Status.WARNING, (Reason("needs_password"),))
    other = DeviceCondition(Status.CRITICAL, (Reason("needs_password"), Reason("part_fan")))
    assert both(one, other) == DeviceCondition(
        Status.CRITICAL, (Reason("needs_password"), Reason("part_fan"))
    )
