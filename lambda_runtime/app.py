"""One served model, put together: bundle → cache → engine → protocol → doors."""

from __future__ import annotations

import os
from time import perf_counter_ns

from lambda_runtime.doors.find import find
from lambda_runtime.errors_out import fault_json
from lambda_runtime.exchange import Request, Response
from lambda_runtime.faults import BrokenBundle, Fault
from lambda_runtime.loop import Outcome
from lambda_runtime.manifest_read import from_plain
from lambda_runtime.record import NamedTuple, made
from lambda_runtime.telemetry import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambda_runtime.cache import Cache
    from lambda_runtime.manifest import Manifest
    from lambda_runtime.seams import Door, Service
    from lambda_runtime.serving import Serving
    from lambda_runtime.settings import Settings


_JSON = "application/json"


class App:
    """
    A model that answers, through whatever door.

    Args:
        service: What speaks the protocols.
        facts: Gives what telemetry says of the request answered last.
        settle: Makes later answers faster, until a time [ms since the epoch]; False
            if there is more to do.
        share: Gives other environments what this one had to fetch; likewise.
        close: Gives everything back.
    """

    def __init__(
        self,
        service: Service,
        facts: Callable[[], Facts],
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

    def aside(self, request: Request) -> Response | None:
        """The answer, if *request* need not wait for a prediction; else None."""
        return self._service.aside(request)


def response_of(fault: Fault) -> Response:
    """What a caller gets for *fault*."""
    return Response(fault.status, {"content-type": _JSON}, fault_json(fault))


def _failure(response: Response) -> tuple[str, str]:
    """Type and message of a *response* that is our own failure, not the caller's."""
    from lambda_runtime.failing import failure_of  # noqa: PLC0415 - failures only

    return failure_of(response)


class Opened(NamedTuple):
    """One model, ready to answer."""

    service: Service
    """Speaks the protocols."""
    serving: Serving
    cache: Cache
    facts: Facts

    def share(self, until_ms: int) -> bool:
        """Give other environments what this one had to fetch; see `cache.sharing`."""
        if not self.cache.owed_bytes:
            return True
        from lambda_runtime.cache.sharing import share  # noqa: PLC0415 - not usual

        return share(self.cache, until_ms)

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        self.serving.close()
        self.cache.close()


def build(settings: Settings, *, born_ns: int) -> App:
    """
    Load the model of *settings*' bundle, or the first of its models.

    Args:
        settings: Where the bundle is, and how much there is to run it with.
        born_ns: When the process began, by `perf_counter_ns`.

    Raises:
        BrokenBundle: It cannot be served; the code says why.
    """
    from lambda_runtime.lean import import_array  # noqa: PLC0415 - before its users

    import_array()
    plain = read_plain(settings.bundle)
    if "models" in plain:
        from lambda_runtime.several import build_several  # noqa: PLC0415 - not usual

        return build_several(plain, settings, born_ns=born_ns)
    manifest = manifest_of(plain, settings.bundle)
    opened = open_model(manifest, settings.bundle, settings, born_ns=born_ns)
    return App(
        opened.service,
        lambda: opened.facts,
        settle=opened.serving.settle,
        share=opened.share,
        close=opened.close,
    )


def open_model(
    manifest: Manifest, bundle: str, settings: Settings, *, born_ns: int
) -> Opened:
    """
    Make the model of *manifest* ready.

    Args:
        manifest: What to serve.
        bundle: The folder it was read from.
        settings: How much there is to run it with.
        born_ns: When that was begun, by `perf_counter_ns`.

    Raises:
        BrokenBundle: It cannot be served; the code says why.
    """
    from lambda_runtime.cache import open_cache  # noqa: PLC0415 - after the API is known
    from lambda_runtime.protocol.service import Service  # noqa: PLC0415
    from lambda_runtime.serving import Serving, threads_for  # noqa: PLC0415
    from lambda_runtime.variants import longest_run_us  # noqa: PLC0415

    if manifest.engine.kind != "ort-c":
        from lambda_runtime.packages import search_packages  # noqa: PLC0415 - not usual

        search_packages()
    cache = open_cache(manifest, bundle=bundle, scratch=settings.scratch)
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
        spent=tuple(each for hit in cache.hits for each in hit.spent),
    )
    return Opened(Service(manifest, serving.run), serving, cache, facts)


def read_plain(bundle: str) -> dict[str, Any]:
    """
    What `manifest.json` in the folder *bundle* says, as JSON values.

    Raises:
        BrokenBundle: There is none, or it is no JSON object.
    """
    from lambda_runtime.protocol.json_text import loads  # noqa: PLC0415 - tests need no JSON

    path = os.path.join(bundle, "manifest.json")
    try:
        with open(path, "rb") as file:
            plain = loads(file.read())
    except OSError as cause:
        why = f"{path} cannot be read: {cause.strerror}"
        raise BrokenBundle("manifest-missing", why) from cause
    except ValueError as cause:
        raise BrokenBundle("manifest-malformed", f"{path}: {cause}") from cause
    if not isinstance(plain, dict):
        raise BrokenBundle("manifest-malformed", f"{path}: not an object")
    return plain


def manifest_of(plain: dict[str, Any], bundle: str) -> Manifest:
    """
    The manifest that *plain* is, as read from the folder *bundle*.

    Raises:
        BrokenBundle: It is none, or one from another time.
    """
    try:
        return from_plain(plain)
    except ValueError as cause:
        path = os.path.join(bundle, "manifest.json")
        raise BrokenBundle("manifest-malformed", f"{path}: {cause}") from cause
