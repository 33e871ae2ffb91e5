"""This file is a person who sends a file and waits until it is read, however busy the machine."""

from __future__ import annotations

import httpx

from tests.waiting import until

READING = 'data-follow="reading"'


def waits_for_reading(web: httpx.Client) -> httpx.Client:
    """The browser, which after each form looks until the page is none of a file being read."""

    def wait(answer: httpx.Response) -> None:
        there = answer.headers.get("location", "")
        if answer.request.method == "POST" and answer.status_code == 303 and "/import/" in there:
            until(lambda: READING not in web.get(there).text, f"{there} is read")

    web.event_hooks = {"response": [wait]}
    return web


def sent(web: httpx.Client, home: str, name: str, raw: bytes) -> httpx.Response:
    """The answer to a file; to one that is refused the page that says so, early or late."""
    answer = web.post(home, files={"file": (name, raw)})
    if answer.status_code != 303:
        return answer
    page = web.get(answer.headers["location"])
    return page if page.status_code == 422 else answer
