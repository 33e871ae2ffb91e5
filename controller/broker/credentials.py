"""This file keeps the passwords by which agents reach a broker that the network can reach."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import msgspec

from controller.broker.embedded import CONTROLLER_USER
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.model import NAME_RULE
from protocol.unreadable import UNREADABLE
from protocol.words import N_


class CredentialError(LopHocError):
    """The passwords cannot be read or changed; `code` says why, `hint` what to do."""


class Credentials:
    """Passwords by agent id, in one file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def users(self) -> dict[str, str]:
        """All users with their passwords, the controller's own among them."""
        passwords = self._read()
        if CONTROLLER_USER not in passwords:
            passwords[CONTROLLER_USER] = secrets.token_urlsafe(24)
            self._write(passwords)
        return passwords

    def add(self, agent: str) -> str:
        """Give an agent a new password, and return it. Raises CredentialError."""
        if not re.match(NAME_RULE, agent):
            raise CredentialError(
                "agent_id_wrong",
                N_("{agent} cannot be an agent's id."),
                N_("Give 1 to 64 visible characters, without blanks at the ends."),
                agent=repr(agent),
            )
        if agent == CONTROLLER_USER:
            raise CredentialError(
                "agent_reserved",
                N_("{agent} is the controller's own name: choose another id."),
                agent=agent,
            )
        passwords = self.users()
        passwords[agent] = secrets.token_urlsafe(18)
        self._write(passwords)
        return passwords[agent]

    def remove(self, agent: str) -> None:
        """Take an agent's password away. Raises CredentialError if it has none."""
        passwords = self.users()
        if agent == CONTROLLER_USER or passwords.pop(agent, None) is None:
            raise CredentialError(
                "agent_unknown", N_("The agent {agent} has no password here."), agent=agent
            )
        self._write(passwords)

    def changed_at(self) -> int:
        """When the file was last written, in nanoseconds; 0 if there is none."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialError(
                "passwords_unreadable",
                N_("The password file {path} cannot be read ({cause})."),
                N_("Give it to the folder's owner, or run the command as that user."),
                path=self._path,
                cause=error.strerror,
            ) from error
        except UNREADABLE as error:
            raise CredentialError(
                "passwords_damaged",
                N_("The password file {path} cannot be read ({cause})."),
                N_("Move it aside and give the agents new passwords with: agents add"),
                path=self._path,
                cause=error,
            ) from error

    def _write(self, passwords: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(passwords, indent=2, sort_keys=True)
        write_whole(self._path, text.encode(), OWNER_ONLY)
