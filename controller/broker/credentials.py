"""This file keeps the passwords by which agents reach a broker that the network can reach."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import bcrypt
import msgspec

from controller.broker.embedded import CONTROLLER_USER
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, changing, write_whole
from protocol.model import is_name
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

BCRYPT_COST: Final = 4


class CredentialError(LopHocError):
    """The passwords cannot be read or changed; `code` says why, `hint` what to do."""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a computer that was enrolled.

    hash: of its password, bcrypt; the password itself is the computer's alone. secret: shared with
    it, hex, from which keys are made. label: what it calls itself. at_ms: when it was enrolled.
    is_kept: whether it said that it has written its credential; of one that did not, nobody knows.
    is_school: a school below, and no room.
    """

    hash: str
    secret: str
    label: str
    at_ms: int
    is_kept: bool = True
    is_school: bool = False


_Words = dict[str, str | Enrolled]


class Issued(NamedTuple):
    """A new credential, told once. client_id: the session's name at the broker, a secret too."""

    password: str
    client_id: str
    secret: str


class Credentials:
    """Passwords by agent id, in one file that only its owner may read.

    A typed password stands there as it is; of an enrolled computer's, its hash.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def users(self) -> dict[str, str]:
        """All users with their passwords or hashes, the controller's own among them."""
        passwords = self._read()
        if CONTROLLER_USER not in passwords:
            passwords = self._change(lambda words: words)
        return {
            name: word.hash if isinstance(word, Enrolled) else word
            for name, word in passwords.items()
        }

    def entries(self) -> Mapping[str, str | Enrolled]:
        """What is kept of everybody: a typed password as it is. Raises CredentialError."""
        return self._read()

    def names(self) -> frozenset[str]:
        """Who has a password. Raises CredentialError."""
        return frozenset(self._read())

    def typed(self) -> frozenset[str]:
        """Agents whose password a person wrote into settings. Raises CredentialError."""
        words = self._read().items()
        return frozenset(name for name, word in words if isinstance(word, str)) - {CONTROLLER_USER}

    def enrolled(self) -> dict[str, Enrolled]:
        """The computers that were enrolled. Raises CredentialError."""
        words = self._read().items()
        return {name: word for name, word in words if isinstance(word, Enrolled)}

    def issue(
        self,
        agent: str,
        label: str,
        now_ms: int,
        *,
        is_kept: bool = True,
        is_school: bool = False,
    ) -> Issued:
        """Give a computer a new credential in place of what it had. Raises CredentialError.

        The password has 256 bits: a slow hash would protect it no better.
        """
        issued = Issued(secrets.token_urlsafe(32), secrets.token_hex(16), secrets.token_hex(32))
        hashed = bcrypt.hashpw(issued.password.encode(), bcrypt.gensalt(BCRYPT_COST))
        entry = Enrolled(
            hash=hashed.decode(),
            secret=issued.secret,
            label=label,
            at_ms=now_ms,
            is_kept=is_kept,
            is_school=is_school,
        )
        self._refuse_wrong(agent)
        self._change(lambda words: words | {agent: entry})
        return issued

    def note_kept(self, agent: str) -> None:
        """The computer has written what it was given. Raises CredentialError, OSError."""

        def noted(words: _Words) -> _Words:
            entry = words.get(agent)
            if not isinstance(entry, Enrolled):
                return words
            return words | {agent: msgspec.structs.replace(entry, is_kept=True)}

        self._change(noted)

    def add(self, agent: str) -> str:
        """Give an agent a new password, and return it. Raises CredentialError."""
        self._refuse_wrong(agent)
        word = secrets.token_urlsafe(18)
        self._change(lambda words: words | {agent: word})
        return word

    def _refuse_wrong(self, agent: str) -> None:
        if not is_name(agent):
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

    def remove(self, agent: str) -> None:
        """Take an agent's password away. Raises CredentialError if it has none."""

        def without(words: _Words) -> _Words:
            if agent == CONTROLLER_USER or agent not in words:
                raise CredentialError(
                    "agent_unknown", N_("The agent {agent} has no password here."), agent=agent
                )
            return {name: word for name, word in words.items() if name != agent}

        self._change(without)

    def changed_at(self) -> int:
        """When the file was last written, in nanoseconds; 0 if there is none."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _change(self, change: Callable[[_Words], _Words]) -> _Words:
        """Read, change and write as one step, with the controller's own. Raises CredentialError."""
        with changing(self._path):
            own = {CONTROLLER_USER: secrets.token_urlsafe(24)}
            words = change({**own, **self._read()})
            self._write(words)
            return words

    def _read(self) -> _Words:
        try:
            return from_json(self._path.read_bytes(), _Words)
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

    def _write(self, passwords: _Words) -> None:
        text = json.dumps(msgspec.to_builtins(passwords), indent=2, sort_keys=True)
        write_whole(self._path, text.encode(), OWNER_ONLY)
