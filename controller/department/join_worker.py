"""This file is the process by which a school joins its department's: what it loads, it takes along.

What it is to do stands on its standard input, where other users cannot read it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from controller.department.enrol_command import join_department
from protocol.errors import LopHocError
from protocol.model import Place
from protocol.shapes import from_json


class DepartmentOrder(Struct, frozen=True):
    """The code of the department's page, its server, and whose folder is to keep the credential."""

    code: str
    department: str
    province: str
    school: str
    data: str


class DepartmentReport(Struct, frozen=True):
    """What became of it. code: why it failed, empty if it did not; words: of both screens."""

    words: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    values: dict[str, str] = {}


def carry_out(order: DepartmentOrder) -> DepartmentReport:
    """Join, or say why not."""
    school = Place(order.province, order.school)
    try:
        joined = join_department(order.code, order.department, school, Path(order.data))
    except LopHocError as error:
        values = {name: str(value) for name, value in error.values.items()}
        return DepartmentReport("", error.code, error.message, error.hint, values)
    return DepartmentReport(joined.words)


if __name__ == "__main__":
    told_order = from_json(sys.stdin.buffer.read(), DepartmentOrder)
    sys.stdout.buffer.write(msgspec.json.encode(carry_out(told_order)))
