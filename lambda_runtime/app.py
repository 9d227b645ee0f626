"""One served model, put together: bundle → cache → engine → protocol → doors."""

from __future__ import annotations

import os
from time import perf_counter_ns, time

from lambda_runtime.doors.find import find
from lambda_runtime.errors_out import fault_json
from lambda_runtime.exchange import Request, Response
from lambda_runtime.faults import BrokenBundle, Fault
from lambda_runtime.loop import Outcome
from lambda_runtime.manifest import ManifestError, from_plain
from lambda_runtime.record import made
from lambda_runtime.telemetry import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from lambda_runtime.cache import Cache
    from lambda_runtime.doors import Door
    from lambda_runtime.manifest import Manifest
    from lambda_runtime.serving import Serving
    from lambda_runtime.settings import Settings

    class Service(Protocol):
        """What answers requests; `last` tells of the one answered last."""

        @property
        def last(self) -> object:
            """Rows and microseconds of the last request; zeros without a prediction."""
            ...

        def respond(self, request: Request) -> Response:
            """The answer to *request*, errors included."""
            ...


WRITES_AT_LEAST = 100e6
"""What a mounted folder is expected to take [bytes/s]; EFS bursts well above it."""

_JSON = "application/json"


class App:
    """
    A model that answers, through whatever door.

    Args:
        service: What speaks the protocols.
        facts: What telemetry says of every request.
        settle: Makes later answers faster, until a time [ms since the epoch]; False
            if there is more to do.
        share: Gives other environments what this one had to fetch; likewise.
        close: Gives everything back.
    """

    def __init__(
        self,
        service: Service,
        facts: Facts,
        *,
        settle: Callable[[int], object],
        share: Callable[[int], object],
        close: Callable[[], None],
    ) -> None:
        self._service = service
        self.facts, self.settle, self.share, self.close = facts, settle, share, close

    def handle(self, event: bytes) -> Outcome:
        """Answer one event."""
        return self.answer(find(event))

    def answer(self, door: Door) -> Outcome:
        """Answer what came in at *door*."""
        began = perf_counter_ns()
        timing = None
        try:
            response = self._service.respond(door.request())
            timing = self._service.last
        except Fault as fault:
            response = response_of(fault)
        body = door.answer(response)
        if len(body) > door.limit:
            from lambda_runtime.failing import too_large  # noqa: PLC0415 - failures only

            response = response_of(too_large(len(body), door.limit))
            body = door.answer(response)
        direct, status = door.name == "direct", response.status
        outcome = (
            body,
            response.headers.get("content-type", _JSON) if direct else _JSON,
            _failure(response) if direct and status >= 500 else None,
            status,
            door.name,
            (perf_counter_ns() - began) // 1000,
            timing,
            getattr(door, "beside", None),
        )
        return made(Outcome, outcome)

    def respond(self, request: Request) -> tuple[Response, object]:
        """The answer to one request, and what the protocol measured of it."""
        response = self._service.respond(request)
        return response, self._service.last


def response_of(fault: Fault) -> Response:
    """What a caller gets for *fault*."""
    return Response(fault.status, {"content-type": _JSON}, fault_json(fault))


def _failure(response: Response) -> tuple[str, str]:
    """Type and message of a *response* that is our own failure, not the caller's."""
    from lambda_runtime.failing import failure_of  # noqa: PLC0415 - failures only

    return failure_of(response)


def build(settings: Settings, *, born_ns: int) -> App:
    """
    Load the model of *settings*' bundle.

    Args:
        settings: Where the bundle is, and how much there is to run it with.
        born_ns: When the process began, by `perf_counter_ns`.

    Raises:
        BrokenBundle: It cannot be served; the code says why.
    """
    from lambda_runtime.lean import import_array  # noqa: PLC0415 - before its users

    import_array()
    from lambda_runtime.cache import open_cache  # noqa: PLC0415 - after the API is known
    from lambda_runtime.protocol.service import Service  # noqa: PLC0415
    from lambda_runtime.serving import Serving, threads_for  # noqa: PLC0415
    from lambda_runtime.variants import longest_run_us  # noqa: PLC0415

    manifest = read_manifest(settings.bundle)
    if manifest.engine.kind != "ort-c":
        from lambda_runtime.packages import search_packages  # noqa: PLC0415 - not usual

        search_packages()
    cache = open_cache(manifest, bundle=settings.bundle, scratch=settings.scratch)
    threads = threads_for(settings.memory_mb, longest_run_us(manifest))
    serving = Serving(
        manifest, cache.path_of, threads=threads, notes=f"{settings.scratch}-crash"
    )
    facts = Facts(
        function=settings.function_name,
        function_version=settings.function_version,
        model=manifest.model.name or manifest.model.uri,
        model_version=manifest.model.version or "",
        engine=manifest.engine.kind,
        init_ms=(perf_counter_ns() - born_ns) / 1e6,
        tiers=tuple((hit.tier, hit.ms) for hit in cache.hits),
    )
    return App(
        Service(manifest, serving.run),
        facts,
        settle=serving.settle,
        share=lambda until_ms: share(cache, until_ms),
        close=lambda: _close(serving, cache),
    )


def share(cache: Cache, until_ms: int) -> bool:
    """
    Write what a mounted folder lacks, so that other environments find it there.

    False if there is too little time until *until_ms* [ms since the epoch]. A folder
    that does not take it, or not as fast as it should, is not asked again.
    """
    left_s = until_ms / 1e3 - time()
    if cache.owed_bytes > max(0.0, left_s) * WRITES_AT_LEAST:
        return False
    cache.settle(max(0.0, left_s))
    return not cache.owed_bytes


def _close(serving: Serving, cache: Cache) -> None:
    serving.close()
    cache.close()


def read_manifest(bundle: str) -> Manifest:
    """
    The manifest in the folder *bundle*.

    Raises:
        BrokenBundle: There is none, or it cannot be read.
    """
    from lambda_runtime.protocol.json_text import loads  # noqa: PLC0415 - tests need no JSON

    path = os.path.join(bundle, "manifest.json")
    try:
        with open(path, "rb") as file:
            return from_plain(loads(file.read()))
    except OSError as cause:
        why = f"{path} cannot be read: {cause.strerror}"
        raise BrokenBundle("manifest-missing", why) from cause
    except (ManifestError, ValueError, Fault) as cause:
        raise BrokenBundle("manifest-malformed", f"{path}: {cause}") from cause
