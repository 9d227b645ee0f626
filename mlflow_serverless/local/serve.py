"""Deployments over HTTP on loopback, as their function URLs would serve them.

POST /NAME/invocations              the alias `live`
POST /NAME:QUALIFIER/invocations    another alias, or one version
POST /invocations                   with `Host: NAME.localhost`, as a URL of its own
GET  /                              what is deployed
"""

import ipaddress
import json
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.local.errors import NotLoopbackError, PortInUseError
from mlflow_serverless.local.function_url import Call, from_reply, to_event
from mlflow_serverless.world import Cloud

HOSTS = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_STATUS = {
    Kind.BAD_INPUT: 400,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.REFUSED: 403,
    Kind.DENIED: 403,
    Kind.UNAVAILABLE: 503,
}
_STATUS_BY_CODE = {"throttled": 429, "payload-too-large": 413}


def serve(
    cloud: Cloud,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """
    Serve every deployment of *cloud* until interrupted.

    Args:
        cloud: Whose deployments.
        host: A loopback address; there is no authentication.
        port: 0 takes any that is free.
        ready: Called with the address once it answers.

    Raises:
        NotLoopbackError: *host* could be reached from elsewhere.
        PortInUseError: Something else listens there.
    """
    with listening(host, port) as listener:
        shown = listener.getsockname()[1]
        url = f"http://{f'[{host}]' if ':' in host else host}:{shown}"
        config = uvicorn.Config(
            application(cloud), log_level="warning", access_log=False, lifespan="off"
        )
        with suppress(KeyboardInterrupt):  # uvicorn has stopped in order by then
            _Server(config, lambda: ready(url)).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says that it is ready when it answers, and Ctrl-C would end it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on loopback; errors as `serve`."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        raise NotLoopbackError(host) from None
    if not known.is_loopback:
        raise NotLoopbackError(host)
    family = socket.AF_INET6 if known.version == 6 else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except OSError as cause:
        raise PortInUseError(host, port, cause.strerror or str(cause)) from cause


def application(cloud: Cloud) -> Starlette:
    """The HTTP application; hosts other than this machine's names are refused."""

    async def answer(request: Request) -> Response:
        try:
            return await _answer(cloud, request)
        except ServerlessError as error:
            return _refusal(error)

    return Starlette(
        routes=[Route("/{path:path}", answer, methods=_METHODS)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))],
    )


async def _answer(cloud: Cloud, request: Request) -> Response:
    place, path = _place(request)
    if not place:
        return JSONResponse({"deployments": await run_in_threadpool(cloud.names)})
    name, _, qualifier = place.partition(":")
    event = to_event(await _call(request, path))
    reply = await run_in_threadpool(
        cloud.invoke, name, event, qualifier=qualifier or "live"
    )
    answer = from_reply(reply.payload, reply.error)
    response = Response(answer.body, answer.status)
    response.raw_headers.extend(
        (key.encode("latin-1"), value.encode("latin-1"))
        for key, value in (*answer.headers, ("x-amz-executed-version", reply.version))
        if key != "content-length"
    )
    return response


def _place(request: Request) -> tuple[str, str]:
    """Which deployment is meant, and the path that it sees."""
    host = request.headers.get("host", "").partition(":")[0]
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost"), request.url.path
    place, _, path = request.url.path.removeprefix("/").partition("/")
    return place, f"/{path}"


async def _call(request: Request, path: str) -> Call:
    return Call(
        method=request.method,
        path=path,
        query=request.url.query,
        headers=tuple(
            (key.decode("latin-1"), value.decode("latin-1"))
            for key, value in request.headers.raw
        ),
        body=await _body(request),
        source=request.client.host if request.client else "",
        id=str(uuid.uuid4()),
        at=datetime.now(UTC),
    )


async def _body(request: Request) -> bytes:
    """The body, as far as it may go; what is longer is refused by `invoke`."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > SYNC_PAYLOAD_BYTES:
            break
    return bytes(body)


def _refusal(error: ServerlessError) -> Response:
    status = _STATUS_BY_CODE.get(error.code) or _STATUS.get(error.kind, 500)
    body = {"error_code": error.code, "message": error.message, "hint": error.hint}
    return Response(json.dumps(body), status, media_type="application/json")
