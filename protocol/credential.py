"""This file keeps what a program was given by enrolling: who it is, and whom it believes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from protocol.enrolment import Credential
from protocol.folder import OWNER_ONLY, write_whole
from protocol.link import Broker
from protocol.settings import SettingsError
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

CREDENTIAL: Final = "enrolment.json"


def credential_in(data: Path, program: str = "lophoc-agent") -> Credential | None:
    """What the folder holds; None where this computer was never enrolled. program: by which it is.

    Raises SettingsError where it cannot be read: who was enrolled never believes everybody again.
    """
    path = data / CREDENTIAL
    try:
        return from_json(path.read_bytes(), Credential)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, *UNREADABLE) as error:
        raise SettingsError(
            "enrolment_unreadable",
            N_("What this computer got when it was enrolled, {path}, cannot be read."),
            N_("Enrol it again: have a code made, and then run {program} enrol CODE"),
            path=path,
            program=program,
        ) from error


def keep_credential(data: Path, credential: Credential) -> None:
    """Write it, for the agent's account alone. Raises OSError."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(data / CREDENTIAL, msgspec.json.encode(credential), OWNER_ONLY)


def broker_for(credential: Credential) -> Broker:
    """The school's broker, as this computer speaks with it: encrypted, or not at all."""
    return Broker(
        credential.host,
        credential.port,
        credential.agent,
        credential.password,
        tls=True,
        authority=credential.authority,
        client_id=credential.client_id,
    )
