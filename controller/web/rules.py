"""This file gives every address its rule: who may ask there. An address without one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from controller.feature import Level
from controller.people.person import Permission, Person

PASSED: Final = "lophoc_passed"  # of a scope: who was let in by another process of ours, or None
_ATTRIBUTE: Final = "lophoc_rule"
Endpoint = TypeVar("Endpoint")


class Rule(NamedTuple):
    """Who may ask at an address: who may do one of these; everybody where there are none.

    is_open: everybody, too, where the settings leave the first screen open. in_parts: also who sees
    only some of a department's schools, of which it then tells alone. is_data: it answers
    programs and scripts, so nobody is led from it to the page for logging in. above: who comes in,
    too, where the controller stands above schools and nowhere else. level: where alone it answers,
    if not where its feature does.
    """

    permissions: frozenset[Permission] = frozenset()
    is_open: bool = False
    in_parts: bool = False
    is_data: bool = False
    above: frozenset[Permission] = frozenset()
    level: Level | None = None


class Address(NamedTuple):
    """An address and its rule. methods: in order; of a socket `SOCKET`, of a mount `MOUNT`.

    is_held: whether the rule is asked at each request; where it is not, it must let everybody in.
    """

    methods: tuple[str, ...]
    path: str
    rule: Rule | None
    is_held: bool


class RuleMissingError(Exception):
    """An address that nobody has given a rule, or whose rule nothing would hold."""


def needs(
    *permissions: Permission,
    is_open: bool = False,
    in_parts: bool = False,
    is_data: bool = False,
    above: Permission | None = None,
    level: Level | None = None,
) -> Callable[[Endpoint], Endpoint]:
    """Let in who may do one of these."""
    others = frozenset({above} if above else ())
    return _marking(Rule(frozenset(permissions), is_open, in_parts, is_data, others, level))


def public(endpoint: Endpoint) -> Endpoint:
    """Let everybody in: nothing of the school is told there."""
    return _marking(Rule())(endpoint)


def _marking(rule: Rule) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, rule)
        return endpoint

    return mark


def given_rule(endpoint: Endpoint, rule: Rule | None) -> Endpoint:
    """An endpoint that stands in the place of another, with that one's rule."""
    return _marking(rule)(endpoint) if rule is not None else endpoint


def rule_of(endpoint: object) -> Rule | None:
    """The rule of what answers at an address; None where it was given none."""
    return getattr(endpoint, _ATTRIBUTE, None)


def addresses_of(routes: Iterable[Any], prefix: str = "") -> Iterator[Address]:
    """Every address of an application, sockets and what is mounted with it."""
    for context in iter_route_contexts([*routes]):
        route = context.original_route
        path = prefix + str(context.path or getattr(route, "path", ""))
        if isinstance(route, Mount):
            rule = rule_of(route.app)
            yield Address(("MOUNT",), path, rule, is_held=False)
            if rule is None:
                yield from addresses_of(route.routes, path)
            continue
        methods = tuple(sorted(context.methods or ())) or ("SOCKET",)
        is_held = isinstance(route, APIRoute | APIWebSocketRoute)
        yield Address(methods, path, rule_of(getattr(route, "endpoint", None)), is_held)


def check_rules(routes: Iterable[Any]) -> None:
    """Refuse an application with an address that has no rule. Raises RuleMissingError."""
    for address in addresses_of(routes):
        rule = address.rule
        if rule is None or not (address.is_held or rule == Rule()):
            raise RuleMissingError(f"{'/'.join(address.methods)} {address.path}")


def person_of(request: HTTPConnection) -> Person:
    """Who asks, at an address whose rule lets somebody in by name."""
    person = visitor_of(request)
    assert person, "the rule of this address lets everybody in"  # noqa: S101
    return person


def visitor_of(request: HTTPConnection | Request) -> Person | None:
    """Who asks; None for one who did not log in."""
    person: Person | None = getattr(request.state, "person", None)
    return person
