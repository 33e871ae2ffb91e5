"""This file offers a version to the rooms whose turn it is, until each has said how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from controller.feature import Command
from controller.fleet.owed import OwedWords
from controller.updates.rollout import Rollout, RolloutState, RoomUpdate
from controller.updates.store import leaving_of, packages_of, rollout_of, rooms_of
from protocol.messages import SignedManifest, UpdateOffered, UpdateStep
from protocol.model import Place

MAX_OFFERED = 8

_Offering = tuple[str, str, RolloutState]  # the offer, its version, and what is said of it


class UpdateListener(OwedWords[_Offering]):
    """Says the version on its way, that it is taken back, or that one goes back from it."""

    def owed(self, db: Connection, now_ms: int) -> Iterator[tuple[Place, _Offering]]:
        """The present word, and to who still follows an offer of before that it is over."""
        rollout = rollout_of(db, self._program.school)
        if rollout is None:
            return
        for room in rooms_of(db, rollout.place).values():
            if is_owed(rollout, room):
                yield room.place, (rollout.offer, rollout.version, rollout.state)
        for room in leaving_of(db, rollout.place):
            yield room.place, (rollout.offer, rollout.version, RolloutState.STOPPED)

    def command(self, db: Connection, to: Place, word: _Offering, now_ms: int) -> Command:
        """The word as it stands, with the signed heads of what is offered."""
        offer, version, state = word
        packages: tuple[SignedManifest, ...] = ()
        if state is RolloutState.RUNNING:
            packages = tuple(
                SignedManifest(manifest=one.manifest, signature=one.signature)
                for one in packages_of(db, self._program.school)
                if one.version == version
            )[:MAX_OFFERED]
        offered = UpdateOffered(
            boot=self._program.boot, at_ms=now_ms, offer=offer, version=version,
            port=self._program.config.updates_port, packages=packages,
            is_back=state is RolloutState.BACK,
        )  # fmt: skip
        return Command(to.agent, "update", offered, qos=1)


def is_owed(rollout: Rollout, room: RoomUpdate) -> bool:
    """Whether a room is still to be told the present word."""
    if rollout.state is RolloutState.BACK:
        return room.step != UpdateStep.BACK
    return not room.is_over
