"""This file leaves the door's key for the teacher's programs, or says why it cannot be left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agent.supervision import Unavailable
from protocol.door_key import key_file, own_folder
from protocol.health import ReasonCode
from protocol.left_key import left_key
from protocol.model import Reason, Status


@contextmanager
def key_left(
    key: str, port: int, folder: str, group: str, environ: Mapping[str, str] = os.environ
) -> Iterator[None]:
    """The key in its file for as long as the block runs.

    Raises Unavailable where the folder is somebody else's or takes no file, or knows no such group.
    """
    path = key_file(Path(folder) if folder else own_folder(environ), port)
    with ExitStack() as stack:
        try:
            stack.enter_context(left_key(key, path, group))
        except (OSError, LookupError) as error:
            message = f"no key can be left at {path} ({error}): the teacher's window stays shut"
            finding = Status.WARNING, Reason(ReasonCode.DOOR_KEY)
            raise Unavailable(message, finding) from error
        yield
