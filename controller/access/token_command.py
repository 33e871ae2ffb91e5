"""This file is `lophoc-controller token`: give a program a token, list them, end one."""

from __future__ import annotations

import argparse
import json

from controller.access.token import MAX_DAYS, READING, Token, TokenError, new_token, token_of
from controller.access.token_store import all_tokens, end_token, keep_token
from controller.cli.folder import add_place, operator, told_school
from controller.cli.output import add_json, tell
from controller.cli.school import opened_store
from controller.database.clock import now_in
from controller.people.person import Permission
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place, iso
from protocol.words import N_, Translate


def fill_token(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    parser.add_argument("deed", choices=["create", "list", "end"])
    what = say(N_("create: what the token is for; end: its name"))
    parser.add_argument("what", nargs="?", default="", metavar="WHAT", help=what)
    days = phrase(N_("for how many days it is good, 1 to {most}"), say, most=MAX_DAYS)
    parser.add_argument("--days", type=int, default=0, metavar="N", help=days)
    may = say(N_("what it may, parted by commas; without it only to read, and no pupil's marks"))
    granted = [*map(str, Permission)]
    parser.add_argument("--may", default="", metavar=",".join(granted), help=may)
    only = say(N_("a department's: only this school's"))
    parser.add_argument("--school", default="", metavar="CODE", help=only)
    area = say(N_("a department's: only this area's schools"))
    parser.add_argument("--area", default="", metavar="CODE", help=area)
    add_place(parser, say)
    add_json(parser, say)
    deeds = {"create": _create, "list": _list, "end": _end}
    parser.set_defaults(command=lambda options: deeds[options.deed](options, say))


def _create(options: argparse.Namespace, say: Translate) -> int:
    own = told_school(options)
    text, place = new_token(), Place(own.province, options.school)
    with opened_store(options) as store:
        token = token_of(
            text,
            purpose=options.what,
            made_by=f"command:{operator()}",
            place=place,
            area=options.area,
            permissions=_permissions(options.may),
            days=options.days,
            now_ms=store.read(now_in),
        )
        store.write(keep_token, token)
    if options.json:
        tell(json.dumps({"token": text.token, "text": text.text}))
    else:
        tell(say(N_("The token, which is shown only now:")))
        tell(text.text)
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    with opened_store(options) as store:
        tokens = store.read(all_tokens)
    if options.json:
        tell(json.dumps([_told(token) for token in tokens], ensure_ascii=False))
        return 0
    for token in tokens:
        told = _told(token)
        tell("\t".join(str(told[name] or "-") for name in told))
    if not tokens:
        tell(say(N_("There are no tokens.")))
    return 0


def _end(options: argparse.Namespace, say: Translate) -> int:
    with opened_store(options) as store:
        ended = store.write(end_token, options.what, store.read(now_in))
    if not ended:
        raise TokenError("token_unknown", N_("There is no such token, or it has ended."))
    tell(say(N_("The token has ended; who asks by it is refused from now on.")))
    return 0


def _permissions(text: str) -> frozenset[Permission]:
    """What was written, else what reading needs. Raises TokenError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    try:
        return frozenset(map(Permission, names)) if names else READING
    except ValueError as error:
        raise TokenError(
            "token_may",
            N_("A token can be allowed: {names}."),
            N_("Part them by commas."),
            names=", ".join(Permission),
        ) from error


def _told(token: Token) -> dict[str, str]:
    return {
        "token": token.token,
        "purpose": token.purpose,
        "may": ",".join(sorted(token.permissions)),
        "school": token.place.school,
        "area": token.area,
        "made_by": token.made_by,
        "expires_at": iso(token.expires_ms),
        "used_at": iso(token.used_ms) if token.used_ms else "",
        "ended_at": iso(token.ended_ms) if token.ended_ms else "",
    }
