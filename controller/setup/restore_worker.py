"""This file is the process that brings everything back from a copy, beside what stands there."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from controller.cli.own_settings import keep_own_settings, own_settings_in
from controller.cli.restored import RESTORED, RESTORING
from controller.copies.content import SETTINGS_FILE
from controller.copies.errors import CopyError
from controller.copies.keys import PassphraseOpener
from controller.copies.restore import candidates_at, restore_into
from controller.copies.standing import trouble_of
from protocol.errors import LopHocError
from protocol.shapes import from_json
from protocol.words import N_

# What stood on the old machine alone: its certificate, its database's server, its own broker.
_LEFT_BEHIND: Final = (
    *("data", "database", "http_chain_file", "http_key_file", "broker_program"),
    *("trusted_proxies",),
)


class RestoreOrder(Struct, frozen=True):
    """What is to be brought back, and into which controller's folder."""

    source: str
    passphrase: str
    data: str


class RestoreReport(Struct, frozen=True):
    """What became of it. code, message, hint, values: why it failed; an empty code for success."""

    code: str = ""
    message: str = ""
    hint: str = ""
    values: dict[str, str] = {}


def carry_out(order: RestoreOrder) -> RestoreReport:
    """Restore into a folder within the controller's; only a whole one gets its final name."""
    data = Path(order.data)
    part = data / RESTORING
    shutil.rmtree(part, ignore_errors=True)
    try:
        source = Path(order.source)
        if not source.is_absolute() or not source.exists():
            raise CopyError("copy_missing", N_("There is no {path}."), path=source)
        restored = restore_into(part, candidates_at(source), PassphraseOpener(order.passphrase))
        if not restored.manifest.pages:
            raise CopyError(
                "copy_of_server",
                N_("This copy holds the database of a PostgreSQL server."),
                N_("Bring it back by hand, as the handbook says."),
            )
        _keep_settings(part, data)
        shutil.rmtree(data / RESTORED, ignore_errors=True)
        part.rename(data / RESTORED)
    except LopHocError as error:
        return _report_of(error)
    except (OSError, sqlite3.Error) as error:
        trouble = trouble_of(error)
        return _report_of(CopyError(trouble.code, trouble.message, trouble.hint, **trouble.values))
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return RestoreReport()


def _keep_settings(part: Path, data: Path) -> None:
    """What the old machine went by, as if pages had set it. Raises CopyError, OSError."""
    file = part / "settings" / SETTINGS_FILE
    told = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    values = {**own_settings_in(part), **_carried(told, part, data)}
    if not (values.get("school") and values.get("province")):
        raise CopyError("copy_unnamed", N_("This copy does not say whose school it is."))
    keep_own_settings(part, values)


def _carried(told: Mapping[str, Any], part: Path, data: Path) -> dict[str, Any]:
    values = {name: value for name, value in told.items() if name not in _LEFT_BEHIND}
    for name in [name for name in values if name.endswith("_file")]:
        if (part / "settings" / name).exists():
            values[name] = str(data / "settings" / name)
        else:
            del values[name]
    return values


def _report_of(error: LopHocError) -> RestoreReport:
    values = {name: str(value) for name, value in error.values.items()}
    return RestoreReport(error.code, error.message, error.hint, values)


if __name__ == "__main__":
    told_order = from_json(sys.stdin.buffer.read(), RestoreOrder)
    sys.stdout.buffer.write(msgspec.json.encode(carry_out(told_order)))
