"""The same service over plain HTTP: Knative, Cloud Run, a laptop.

Imported only when asked for; it needs `uvicorn` (`mlflow-serverless[http]`).
Predictions run one at a time in a thread of their own, as in Lambda; questions of
health are answered beside them, so that a long prediction is not taken for death.
"""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter_ns

from lambda_runtime.app import build, response_of
from lambda_runtime.exchange import Request, Response
from lambda_runtime.failing import not_begun
from lambda_runtime.faults import Fault, Internal, TooLarge
from lambda_runtime.loop import Outcome, report
from lambda_runtime.packages import search_packages
from lambda_runtime.runtime_api import Invocation
from lambda_runtime.settings import read
from lambda_runtime.start import after_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from lambda_runtime.after import After
    from lambda_runtime.app import App
    from lambda_runtime.settings import Settings

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

BODY_LIMIT = 64 * 1024 * 1024
"""Largest request body read [bytes]; no Lambda is in the way, memory is."""

GRACE_S = 10
"""How long requests may go on after SIGTERM [s]."""

_JSON = "application/json"

PORT = 8080
"""Where to listen if nobody says."""


def serve_plainly(*, root: str, born_ns: int) -> int:
    """
    Load the model that the environment names, and serve it; the exit code.

    Args:
        root: Folder that holds `lambda_runtime`.
        born_ns: When the process began, by `perf_counter_ns`.
    """
    try:
        settings = read(os.environ, root=root)
        app = build(settings, born_ns=born_ns)
    except Exception as cause:  # noqa: BLE001 - the reason is all there is to give
        not_begun(cause)
        return 1
    return serve_http(app, settings)


def serve_http(app: App, settings: Settings) -> int:
    """
    Serve until SIGTERM or SIGINT; what is being answered then is still answered.

    Args:
        app: What answers.
        settings: Host and port, and what to log.
    """
    search_packages()
    import uvicorn  # noqa: PLC0415 - an extra, wanted by this mode alone

    # uvicorn stops gracefully, then raises the signal again; by then it has done its
    # work, and the process is to end as one that was asked to.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    config = uvicorn.Config(
        Http(app, after_of(app, settings)),
        host=settings.host,
        port=settings.port or PORT,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    try:
        uvicorn.Server(config).run()
    finally:
        app.close()
    return 0


class Http:
    """An ASGI application around one `App`.

    Args:
        app: What answers.
        after: Run after each prediction, as in Lambda.
    """

    def __init__(self, app: App, after: After) -> None:
        self._app, self._after = app, after
        self._one = ThreadPoolExecutor(1, "predict")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            request = await _read(scope, receive)
        except TooLarge as fault:
            await _write(send, response_of(fault), close=True)
            return
        if request is None:
            return
        bare = scope["method"] == "HEAD"
        beside = self._app.aside(request)
        if beside is not None:
            await _write(send, beside, bare=bare)
            return
        loop = asyncio.get_running_loop()
        response, timing, took_us = await loop.run_in_executor(
            self._one, self._safely, request
        )
        await _write(send, response, bare=bare)
        await loop.run_in_executor(
            self._one,
            self._after,
            Invocation(
                request.headers.get("x-request-id", ""),
                b"",
                trace_id=request.headers.get("x-amzn-trace-id", ""),
            ),
            Outcome(b"", _JSON, None, response.status, "plain", took_us, timing),
        )

    def _safely(self, request: Request) -> tuple[Response, object, int]:
        """The answer, what was measured, and the time it took [us]."""
        began = perf_counter_ns()
        timing: object = None
        try:
            response, timing = self._app.respond(request)
        except Fault as fault:
            response = response_of(fault)
        except Exception as cause:  # noqa: BLE001 - one request's crash is not the server's
            report(cause)
            response = response_of(Internal("the request could not be answered"))
        return response, timing, (perf_counter_ns() - began) // 1000


async def _read(scope: Scope, receive: Receive) -> Request | None:
    """The whole request; None if the caller has gone."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise TooLarge(f"the body is larger than {BODY_LIMIT} bytes")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    method = scope["method"]
    return Request(
        "GET" if method == "HEAD" else method,
        scope["path"],
        _headers(scope["headers"]),
        b"".join(parts),
        scope["query_string"].decode("latin-1"),
    )


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _write(
    send: Send, response: Response, *, bare: bool = False, close: bool = False
) -> None:
    headers = {**response.headers, "content-length": str(len(response.body))}
    if close:
        headers["connection"] = "close"
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    body = b"" if bare else response.body
    await send({"type": "http.response.body", "body": body})
