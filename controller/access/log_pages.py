"""This file serves the log: who changed what, and who looked at pupils' records; also as files.

An administrator sees every line; everybody else their own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.access.deeds import BY_COMMAND, BY_TOKEN, DEED_WORDS, SERVER
from controller.access.gate import gate_of
from controller.access.store import LogFilter, access_log, all_accounts
from controller.access.token_store import all_tokens
from controller.feature import Program
from controller.people.person import Permission, Person
from controller.sheets.writing import Cell, csv_text, file_name, new_workbook, write_row
from controller.web.downloads import CSV, XLSX, attachment
from controller.web.page import PageRenderer
from controller.web.paging import Day, one_of
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.formats import phrase
from protocol.words import N_

ROWS: Final = 100  # lines on one page
MAX_LINES: Final = 20_000  # of one file; narrow the days for more
_HEADS: Final = (N_("When"), N_("Account"), N_("Name"), N_("Deed"), N_("Details"))

Code = Annotated[str, Query(max_length=120)]
Line = Mapping[str, Any]
Names = Callable[[str], str]


class LogPaper(StrEnum):
    """How the log is written."""

    CSV = "csv"
    XLSX = "xlsx"


class LogQuery:
    """What a request asks of the log."""

    def __init__(
        self,
        account: Code = "",
        what: Annotated[Code, one_of(DEED_WORDS)] = "",
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        before: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    ) -> None:
        days = {"from": since, "to": until}
        self.fields = {"account": account.strip(), "what": what.strip(), **days}
        self.before = before

    @property
    def shown(self) -> dict[str, str]:
        """What an address of the same choice holds."""
        return {name: value for name, value in self.fields.items() if value}

    def chosen(self, person: Person, midnight_ms: Callable[[str], int]) -> LogFilter:
        """The lines that the person may see of what was asked for."""
        sees_all = person.may(Permission.MANAGE) and not person.sees_part
        since, until = self.fields["from"], self.fields["to"]
        return LogFilter(
            account=self.fields["account"] if sees_all else person.account,
            what=self.fields["what"],
            since_ms=midnight_ms(since) if since else 0,
            until_ms=midnight_ms(_day_after(until)) if until else 0,
            before_no=self.before,
        )


def pages(program: Program) -> FeatureRouter:
    """The log, and the same as a file."""
    router = FeatureRouter()
    screens, gate = program.service(PageRenderer), program.service(gate_of)

    def midnight_ms(day: str) -> int:
        begin = datetime.combine(date.fromisoformat(day), time(), program.zone)
        return int(begin.timestamp() * 1000)

    def read(person: Person, query: LogQuery, limit: int) -> Sequence[Line]:
        chosen = query.chosen(person, midnight_ms)
        return program.store.read(access_log, program.school, chosen, limit)

    @router.get("/looks")
    @needs(*Permission, in_parts=True)
    async def log(request: Request, query: Annotated[LogQuery, Depends()]) -> Response:
        words = screens.words(request)
        lines = await run_in_threadpool(read, person_of(request), query, ROWS + 1)
        older = {**query.shown, "before": lines[ROWS - 1]["no"]} if len(lines) > ROWS else {}
        return screens.page(
            request,
            "access_log.html",
            rows=[(line, _deed(line, words)) for line in lines[:ROWS]],
            name_of=await run_in_threadpool(_names, program, words),
            wanted=query.fields,
            deeds=sorted((words.say(word), code) for code, word in DEED_WORDS.items()),
            query=urlencode(query.shown),
            older=urlencode(older),
            sees_all=person_of(request).may(Permission.MANAGE),
        )

    @router.get("/looks.{paper}")
    @needs(*Permission, in_parts=True)
    async def export(
        request: Request, paper: LogPaper, query: Annotated[LogQuery, Depends()]
    ) -> Response:
        words = screens.words(request)
        await run_in_threadpool(gate.note, request, f"looks {paper}", urlencode(query.shown))
        lines = await run_in_threadpool(read, person_of(request), query, MAX_LINES)
        name_of = await run_in_threadpool(_names, program, words)
        rows = (_row(line, name_of, words) for line in lines)
        head = [words.say(text) for text in _HEADS]
        write, media = _WRITERS[paper]
        raw = await run_in_threadpool(write, head, rows)
        name = file_name("nhat-ky", screens.today(), end=paper)
        return Response(raw, media_type=media, headers=attachment(name))

    return router


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _names(program: Program, words: Words) -> Names:
    """Says whose an account is: a person's name, what a token is for, or the server."""
    accounts = {each.account: each.name for each in program.store.read(all_accounts)}
    tokens = {f"{BY_TOKEN}{each.token}": each.purpose for each in program.store.read(all_tokens)}
    return partial(_name_of, accounts | tokens, words)


def _name_of(names: Mapping[str, str], words: Words, account: str) -> str:
    if account.startswith(BY_COMMAND):
        return phrase(SERVER, words.translate, who=account.removeprefix(BY_COMMAND))
    return names.get(account, "")


def _deed(line: Line, words: Words) -> str:
    """What was done, in words where there are any."""
    code = str(line["what"])
    if code in DEED_WORDS:
        return words.say(DEED_WORDS[code])
    return f"lophoc-controller {code}" if line["account"].startswith(BY_COMMAND) else code


def _row(line: Line, name_of: Names, words: Words) -> list[Cell]:
    who = line["account"] or line["session"]
    return [words.when(line["at_ms"]), who, name_of(who), _deed(line, words), line["subject"]]


def _as_csv(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> bytes:
    return csv_text([head, *rows]).encode("utf-8-sig")


def _as_xlsx(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> bytes:
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        page = book.add_worksheet()
        write_row(page, 0, head, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            write_row(page, number, row)
        page.set_column(0, len(_HEADS) - 1, 24)
        page.freeze_panes(1, 0)
    return buffer.getvalue()


_WRITERS: Final = {LogPaper.CSV: (_as_csv, CSV), LogPaper.XLSX: (_as_xlsx, XLSX)}
