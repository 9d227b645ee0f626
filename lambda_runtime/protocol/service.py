"""Every path the function answers, whatever door the request came through."""

from __future__ import annotations

import sys
from posix import urandom
from time import perf_counter_ns

from lambda_runtime.faults import Fault, Internal, NotFound, WrongMethod
from lambda_runtime.protocol.answer import Answerer
from lambda_runtime.protocol.bind import Binder
from lambda_runtime.protocol.replies import refusal, reply
from lambda_runtime.protocol.scoring import media_type, read_json
from lambda_runtime.record import NamedTuple
from lambda_runtime.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lambda_runtime.exchange import Request, Response
    from lambda_runtime.manifest import Manifest
    from lambda_runtime.tensor import Value

    Run = Callable[[Mapping[str, Value], Sequence[str]], dict[str, Value]]


class Timing(NamedTuple):
    """What the last request cost; zeros if it asked for no prediction."""

    rows: int = 0
    decode_us: int = 0
    run_us: int = 0
    encode_us: int = 0


class Service:
    """One model behind every protocol it speaks."""

    def __init__(
        self,
        manifest: Manifest,
        run: Run,
        report: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        """
        Prepare to serve.

        Args:
            manifest: What is served.
            run: Computes named outputs from named inputs.
            report: Told of unexpected exceptions: one line, no request data.

        Raises:
            BrokenBundle: The manifest's feeds do not fit its signature.
        """
        self.manifest = manifest
        self.last = Timing()
        self._run = run
        self._report = report
        self._binder = Binder(manifest)
        self._answerer = Answerer(manifest.answer)

    def respond(self, request: Request) -> Response:
        """Answer *request*; whatever happens is a response."""
        self.last = Timing()
        inference = request.path.startswith("/v2")
        try:
            return self._route(request)
        except _NotAllowed as refused:
            return refusal(refused, allow=refused.allow, inference=inference)
        except Fault as fault:
            return refusal(fault, inference=inference)
        except Exception as failure:  # noqa: BLE001 - the caller gets an answer, we get a line
            return refusal(self._incident(failure), inference=inference)

    def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        if path == "/invocations":
            _only(request, "POST")
            return self._invoke(request)
        if path in {"/ping", "/health"}:
            _only(request, "GET")
            return reply(b"\n")
        if path == "/version":
            _only(request, "GET")
            return reply(__version__.encode("ascii"))
        raise NotFound("No such path.")

    def _invoke(self, request: Request) -> Response:
        started = perf_counter_ns()
        media_type(request.headers.get("content-type"))
        bound = read_json(request.body, self._binder)
        decoded = perf_counter_ns()
        outputs = self._run(bound, self._answerer.outputs)
        ran = perf_counter_ns()
        body = self._answerer.write(outputs)
        self.last = Timing(
            rows_of(bound),
            (decoded - started) // 1000,
            (ran - decoded) // 1000,
            (perf_counter_ns() - ran) // 1000,
        )
        return reply(body)

    def _incident(self, failure: Exception) -> Internal:
        """Report *failure* by its place, not by its words: those may hold a value."""
        mark = urandom(6).hex()
        trace, places = failure.__traceback__, []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
            trace = trace.tb_next
        self._report(
            f"incident {mark} {type(failure).__name__} {' '.join(places[-6:])}\n"
        )
        return Internal(f"Internal error; the function's log names it {mark}.")


class _NotAllowed(WrongMethod):
    """The path exists; `allow` is the method it takes."""

    allow = ""


def _only(request: Request, method: str) -> None:
    if request.method.upper() != method:
        fault = _NotAllowed(f"This path takes {method}.")
        fault.allow = method
        raise fault


def rows_of(bound: Mapping[str, Value]) -> int:
    """Rows of a request: the first dimension of its inputs."""
    for value in bound.values():
        return value.shape[0] if value.shape else 1
    return 0
