"""This file says how a school's controller speaks with its department's: enrolled there, or not."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from controller.broker.brokerage import broker_at
from controller.config import ControllerConfig
from protocol.credential import broker_for, credential_in
from protocol.enrolment import Credential
from protocol.link import Broker, session_of
from protocol.settings import SettingsError
from protocol.words import N_

PROGRAM: Final = "lophoc-controller"


def credential_above(config: ControllerConfig) -> Credential | None:
    """What the department gave this school; None where it was not enrolled. Raises SettingsError.

    Another school's folder says nothing of this one.
    """
    credential = credential_in(config.data, PROGRAM)
    if credential is None:
        return None
    if (credential.province, credential.agent) != (config.province, config.school):
        raise SettingsError(
            "department_of_another",
            N_("This folder was enrolled at the department as {name}."),
            N_("Give this school's code, or have a code made for it and run: {program} enrol CODE"),
            name=credential.agent,
            program=PROGRAM,
        )
    return credential


def with_department(config: ControllerConfig) -> ControllerConfig:
    """The settings, with the department that the school was enrolled at. Raises SettingsError.

    Whose school it is was settled by enrolling; only the department's address may be set otherwise.
    """
    credential = credential_above(config)
    if credential is None:
        return config
    address = config.upstream or str(broker_for(credential))
    return replace(config, upstream=address, upstream_department=credential.school)


def broker_above(config: ControllerConfig, boot: str) -> Broker:
    """The department's broker: pinned to what enrolling gave, or to `upstream_ca_file`.

    boot: the start that speaks: two servers of one school do not end each other's session.
    Raises SettingsError.
    """
    address = broker_at(config.upstream, config.upstream_password_file)
    credential = credential_above(config)
    if credential is None:
        pinned = address.pinned_to(config.upstream_ca_file)
        return pinned._replace(user=pinned.user or (config.school if pinned.password else ""))
    return broker_for(credential)._replace(
        host=address.host,
        port=address.port,
        authority=config.upstream_ca_file or credential.authority,
        client_id=session_of(credential.client_id, boot),
    )
