"""This file fills an agent's settings by what it was given by enrolling."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from protocol.credential import CREDENTIAL, credential_in
from protocol.model import NOWHERE

_SCHOOL: Final = frozenset({"province", "school"})


def settings_with(values: dict[str, Any], default_data: Path) -> dict[str, Any]:
    """The settings, filled by what the folder that they name holds. Raises SettingsError.

    Whose computer it is was settled by enrolling; only its room may be set otherwise. One that
    nobody has told its school waits to be enrolled; where it stands it may know by then.
    """
    credential = credential_in(Path(values.get("data") or default_data))
    if credential is None and not values.keys() & _SCHOOL:
        is_roaming = not values.get("room")
        return {"province": NOWHERE, "school": NOWHERE, "roaming": is_roaming, **values}
    if credential is None:
        return values
    place = {
        "province": credential.province,
        "school": credential.school,
        "agent_id": credential.agent,
    }
    return {"room": credential.room, **values, **place}


def changed_at(data: Path) -> int:
    """When what the folder holds was last written, in nanoseconds; 0 for nothing."""
    try:
        return (data / CREDENTIAL).stat().st_mtime_ns
    except OSError:
        return 0
