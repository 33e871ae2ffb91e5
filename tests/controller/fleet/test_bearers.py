"""An earlier id is the past of the device that alone bears it, of nobody where two do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.fleet.bearers import bearers_of, ids_of
from protocol.model import DeviceKind
from tests.controller.web_school import device

IDS = st.sampled_from([f"usb-{number}" for number in range(6)])
SCHOOLS = st.dictionaries(IDS, st.lists(IDS, max_size=4), max_size=5)


@given(SCHOOLS)
def test_an_id_has_the_one_bearer_that_everybody_would_name(told: dict[str, list[str]]) -> None:
    """Own ids are their device's; an earlier one belongs to its only bearer."""
    devices = [
        device("6A1", DeviceKind.CAMERA, device_id=name, aliases=tuple(aliases))
        for name, aliases in told.items()
    ]
    bearers = bearers_of(devices)
    for name in {*told, *(alias for aliases in told.values() for alias in aliases)}:
        holders = {one for one, aliases in told.items() if name == one or name in aliases}
        expected = name if name in told else holders.pop() if len(holders) == 1 else None
        assert bearers.get(name) == expected
    pasts = [ids_of(name, bearers) for name in told]
    assert sum(map(len, pasts)) == len(frozenset[str]().union(*pasts))  # no past is two devices'
