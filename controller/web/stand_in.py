"""This file is the page in the controller's place while its disk takes nothing: it says so."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from controller.config import ControllerConfig
from controller.web.certificate import ScreenTls
from controller.web.guard import HeadAsGet
from controller.web.refusals import PROBLEM, problem_of
from controller.web.server import listening, server_of
from protocol.clock import wall_ms
from protocol.words import N_, Translate, preferred_language, translator

_TITLE = N_("The server's disk is full or read-only: nothing is stored until there is room.")
_HINT = N_("Free some space on it; the controller then goes on by itself. Nothing is lost.")
# Only what answers is gone to: between this page and the screens the server is away for a moment.
_AGAIN = """<noscript><meta http-equiv=refresh content=15></noscript><script>
setInterval(async () => {
  const answer = await fetch(location.href, {cache: "no-store"}).catch(() => null);
  if (answer && answer.status !== 503) location.reload();
}, 5000);
</script>"""


async def stand_in(
    config: ControllerConfig, environ: Mapping[str, str], stop: asyncio.Event, time_s: float
) -> None:
    """Serve the page for so long, or until `stop`. Raises ServerError."""
    say = translator(config.lang or preferred_language(environ))
    tls = ScreenTls(config, wall_ms)
    tls.look()
    with listening(config.http_host, config.http_port) as listener:
        server = server_of(stand_in_app(say), tls=lambda: tls.context, say=say)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(time_s):
                await stop.wait()
        except TimeoutError:
            return
        finally:
            server.should_exit = True
            await serving


def stand_in_app(say: Translate) -> Starlette:
    """Every address answers 503 with the reason, but for /livez: a restart would mend nothing."""

    async def explain(request: Request) -> Response:
        again = {"Retry-After": "15", "Cache-Control": "no-store"}
        problem = problem_of(503, "disk_full", say(_TITLE), say(_HINT))
        if request.url.path.startswith("/api/"):
            return JSONResponse(problem, 503, again, media_type=PROBLEM)
        if request.url.path.startswith("/healthz"):
            return JSONResponse({"status": "degraded", "error": problem["error"]}, 503, again)
        words = "".join(f"<p>{html.escape(say(text))}" for text in (_TITLE, _HINT))
        page = f"<!doctype html><meta charset=utf-8>{_AGAIN}{words}"
        return HTMLResponse(page, 503, again)

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(
        routes=[Route("/livez", livez), Route("/{path:path}", explain, methods=methods)]
    )
    app.add_middleware(HeadAsGet)
    return app
