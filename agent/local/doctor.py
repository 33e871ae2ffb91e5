"""This file is the part of the door where the doctor's findings are shown and saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.local.refusals import json_response
from protocol.words import Translate, translator

if TYPE_CHECKING:
    from protocol.doctor import Diagnosis, Fact

PROGRAM: Final = "lophoc-agent"


class DoctorDoor:
    """Each question is answered by a fresh look, one at a time. examine: takes some seconds."""

    def __init__(
        self, examine: Callable[[], Sequence[Fact]], language: Callable[[Request], str]
    ) -> None:
        self._examine = examine
        self._language = language
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[Route]:
        """The addresses of this part of the door."""
        return [
            Route("/api/v1/doctor", self.findings),
            Route("/api/v1/doctor/bundle", self.bundle),
        ]

    async def findings(self, request: Request) -> Response:
        """What is wrong and what to do, the worst first."""
        from protocol.doctor import GROUP_WORDS, groups, summary  # noqa: PLC0415 - with all its words

        diagnoses, say = await self._diagnoses(), translator(self._language(request))
        return json_response(
            {
                "summary": summary(diagnoses, say),
                "groups": [
                    {
                        "status": status,
                        "label": say(GROUP_WORDS[status]),
                        "findings": [_finding(each, say) for each in members],
                    }
                    for status, members in groups(diagnoses)
                ],
            }
        )

    async def bundle(self, _request: Request) -> Response:
        """What may be sent to who helps, as a file to keep."""
        from protocol import probing  # noqa: PLC0415 - with all its words
        from protocol.doctor import bundle  # noqa: PLC0415 - likewise

        text = bundle(PROGRAM, await self._diagnoses(), probing.figures())
        name = {"content-disposition": 'attachment; filename="lophoc-doctor.json"'}
        return Response(text, media_type="application/json", headers=name)

    async def _diagnoses(self) -> list[Diagnosis]:
        from protocol.doctor import diagnose  # noqa: PLC0415 - with all its words

        async with self._one_at_a_time:
            return diagnose(await asyncio.to_thread(self._examine))


def _finding(diagnosis: Diagnosis, say: Translate) -> dict[str, Any]:
    from protocol.doctor import CHECK_WORDS  # noqa: PLC0415 - with all its words

    return {
        "check": say(CHECK_WORDS[diagnosis.check]),
        "code": diagnosis.code,
        "sentence": diagnosis.sentence(say),
        "advice": diagnosis.advice(say),
    }
