"""This file lists the doors: where the teacher's window, the page and the tablets come in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from agent.local.api import application
from agent.local.key_file import key_left
from agent.local.surroundings import Surroundings
from agent.server import LOCAL, serve
from agent.services.context import AgentService, Context
from agent.tablets import server as tablet_server

if TYPE_CHECKING:
    from protocol.doctor import Fact

_RETRY_CAP_S: Final = 60.0  # a teacher waits for the window


async def open_window(context: Context) -> None:
    """The door for the teacher's window and page, on this computer only."""
    config, tablets = context.config, context.tablets
    surroundings = Surroundings(
        context.store.classroom.room.place,
        lambda: context.connection.state,
        context.language,
        context.remote.actions,
        lambda: tablets.url,
        context.scanner,
        lambda: context.shutter.looks,
        partial(_examine, context),
        context.membership,
        context.life.joining,
        context.machine.hostname,
        config.data,
        lambda: context.store.classroom.room.room,
    )
    keys = context.life.keys
    app = application(context.store, surroundings, keys, tablets if config.tablets else None)
    port, where = config.local_port, (config.door_folder, config.door_group)
    left = partial(key_left, keys.key, port, *where)
    await serve(
        app, config.local_host, port, LOCAL, while_open=left, listen=context.life.local_port
    )


def _examine(context: Context) -> Sequence[Fact]:
    """What the doctor sees now."""
    from agent.doctor.probes import probes  # noqa: PLC0415 - of 500 KiB, and only the doctor needs it
    from protocol import probing  # noqa: PLC0415 - likewise

    return probing.examine(probes(context.config, lambda: context.life.joining.latest))


async def open_checkin(context: Context) -> None:
    """The tablets' page, in the room's network."""
    config = context.config
    await tablet_server.serve(
        context.tablets,
        host=config.tablet_host,
        port=config.tablet_port,
        language=context.language,
        links=context.links,
    )


DOORS: Final = (
    AgentService("window", open_window, backoff_cap_s=_RETRY_CAP_S),
    AgentService("checkin", open_checkin, lambda config: config.tablets, _RETRY_CAP_S),
)
