"""This file has a school join its department, by a process of its own."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from typing import Final

import msgspec

from controller.config import ControllerConfig
from controller.department.join_worker import DepartmentOrder, DepartmentReport
from protocol.errors import ActionError
from protocol.process import running_module
from protocol.shapes import from_json
from protocol.words import N_

_WORKER: Final = "controller.department.join_worker"
_STOP_PATIENCE_S: Final = 3.0
_PATIENCE_S: Final = 60.0


async def joined_department(config: ControllerConfig, code: str, department: str) -> str:
    """Join; returns the four words that the department's page shows, too. Raises ActionError."""
    order = DepartmentOrder(
        code.strip(), department.strip(), config.province, config.school, str(config.data)
    )
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            running_module(_WORKER, _STOP_PATIENCE_S, stdout=PIPE) as worker,
        ):
            told, _ = await worker.communicate(msgspec.json.encode(order))
        report = from_json(told, DepartmentReport)
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        raise ActionError(
            "joining_ended",
            N_("Joining ended before there was an answer."),
            N_("Try the same code again."),
        ) from error
    if report.code:
        raise ActionError(report.code, report.message, report.hint, **report.values)
    return report.words
