"""Every path the function answers, whatever door the request came through.

What is not on the way to a first prediction (Open Inference, CSV, bytes, the OpenAPI
document) is imported when it is first asked for.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns

from lambda_runtime.faults import NotFound, WrongMethod
from lambda_runtime.manifest import CHECKED
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.answer import Answerer
from lambda_runtime.protocol.bind import Binder
from lambda_runtime.protocol.replies import reply
from lambda_runtime.protocol.scoring import media_type, read_frame, read_json
from lambda_runtime.record import NamedTuple, made
from lambda_runtime.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lambda_runtime.exchange import Request, Response
    from lambda_runtime.manifest import Manifest
    from lambda_runtime.protocol.answer import Part
    from lambda_runtime.protocol.quick import Quick
    from lambda_runtime.tensor import Value

    Bound = dict[str, Value]
    Run = Callable[[Mapping[str, Value], Sequence[str]], dict[str, Value]]


class Timing(NamedTuple):
    """
    What the last request cost; zeros if it asked for no prediction.

    Kept as moments [ns], by `perf_counter_ns`, and worked out when they are told of,
    which is once the answer is posted. A moment that never came is 0.
    """

    rows: int = 0
    began: int = 0
    read: int = 0
    ran: int = 0
    written: int = 0

    @property
    def decode_us(self) -> int:
        """Reading the request [us]."""
        return (self.read - self.began) // 1000

    @property
    def run_us(self) -> int:
        """Running the graph [us]."""
        return (self.ran - self.read) // 1000 if self.ran else 0

    @property
    def encode_us(self) -> int:
        """Writing the answer [us]."""
        return (self.written - self.ran) // 1000 if self.written else 0


_NONE = Timing()


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
        self._answered = 0
        self._quick: Quick | None = None
        self._checks = manifest.answer.checks
        if self._checks:
            from lambda_runtime.protocol.gaps import pass_checked  # noqa: PLC0415 - if any

            self._pass_checked = pass_checked

    def respond(self, request: Request) -> Response:
        """Answer *request*; whatever happens is a response."""
        self.last = _NONE
        return self._answer(request)

    def aside(self, request: Request) -> Response | None:
        """
        What may be answered beside a running prediction; None for all else.

        It may be called by another thread, and leaves what `last` says alone.
        """
        return self._answer(request) if request.method == "GET" else None

    def _answer(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Exception as failure:  # noqa: BLE001 - the caller gets an answer, we get a line
            from lambda_runtime.protocol.refusals import refuse  # noqa: PLC0415 - if need be

            inference = request.path.startswith("/v2")
            return refuse(failure, inference=inference, report=self._report)

    def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if path == "/invocations":
            only(request, "POST")
            return self._invoke(request)
        if path.startswith("/v2"):
            return self._inference(path, request)
        if path not in {"/ping", "/health", "/version", "/openapi.json"}:
            raise NotFound("No such path.")
        only(request, "GET")
        if path == "/version":
            return reply(__version__.encode("ascii"))
        return self._openapi() if path == "/openapi.json" else reply(b"\n")

    def _invoke(self, request: Request) -> Response:
        started = perf_counter_ns()
        bound = self._read(request)
        outputs = self._predict(bound, started)
        response = None
        if "octet-stream" in request.headers.get("accept", ""):
            from lambda_runtime.protocol.raw import write_raw  # noqa: PLC0415 - see above

            response = write_raw(self._answerer.parts(outputs))
        if response is None:
            body = self._quick.write(outputs) if self._quick else None
            response = reply(body or self._answerer.write(outputs))
        self.last = made(Timing, (*self.last[:4], perf_counter_ns()))
        self._answered += 1
        return response

    def _quicken(self) -> Quick:
        from lambda_runtime.protocol.quick import Quick  # noqa: PLC0415 - see there

        binder = self._binder
        named = not (binder.unnamed or binder.unfed)
        answer, guards = self.manifest.answer, binder.guards
        return Quick(binder.plans, answer, named=named, guards=guards)

    def _read(self, request: Request) -> Bound:
        media = media_type(request.headers.get("content-type"))
        if media == "application/json":
            if self._answered == 1:
                self._quick = self._quick or self._quicken()
            found = self._quick.read(request.body) if self._quick else None
            return found or read_json(request.body, self._binder)
        if media == "text/csv":
            from lambda_runtime.protocol.csv_text import read_csv  # noqa: PLC0415

            return read_frame(read_csv(request.body, self._binder), self._binder)
        from lambda_runtime.protocol.raw import read_raw  # noqa: PLC0415

        return read_raw(request.body, request.headers, self._binder)

    def _inference(self, path: str, request: Request) -> Response:
        from lambda_runtime.protocol import catalog, paths  # noqa: PLC0415

        model = self.manifest.model
        name = catalog.model_name(self.manifest)
        target = paths.read_path(path, name, model.version)
        only(request, target.method)
        if target.what == "server":
            return reply(json_text.dumps(catalog.server()))
        if target.what == "model":
            found = catalog.model(self.manifest, self._binder)
            return reply(json_text.dumps(found))
        if target.what == "infer":
            return self._infer(request, catalog.identity(self.manifest))
        word = "live" if target.what == "live" else "ready"
        return reply(json_text.dumps({"name": name, word: True}))

    def _infer(self, request: Request, identity: Mapping[str, str]) -> Response:
        from lambda_runtime.protocol import inference, inferred  # noqa: PLC0415

        started = perf_counter_ns()
        ask = inference.read_infer(request.body, request.headers)
        names = [field.name for field in self._answerer.fields]
        inferred.check_outputs(ask, names)
        bound = inference.bind_infer(ask, self._binder)
        outputs = self._predict(bound, started)
        parts: list[Part] = self._answerer.parts(outputs)
        response = inferred.write_infer(ask, parts, identity)
        self.last = made(Timing, (*self.last[:4], perf_counter_ns()))
        return response

    def _openapi(self) -> Response:
        from lambda_runtime.protocol.openapi import document  # noqa: PLC0415

        return reply(json_text.dumps(document(self.manifest, self._binder)))

    def _predict(self, bound: Bound, began: int) -> dict[str, Value]:
        """The graph's outputs; reading the request *began* then."""
        rows, read = rows_of(bound), perf_counter_ns()
        self.last = made(Timing, (rows, began, read, 0, 0))
        outputs = self._run(bound, self._answerer.outputs)
        if self._checks:
            self._pass_checked(self._checks, outputs[CHECKED])
        self.last = made(Timing, (rows, began, read, perf_counter_ns(), 0))
        return outputs


def only(request: Request, method: str) -> None:
    """Raise WrongMethod, which names *method*, if *request* has another."""
    if request.method.upper() != method:
        fault = WrongMethod(f"This path takes {method}.")
        fault.allow = method
        raise fault


def rows_of(bound: Mapping[str, Value]) -> int:
    """Rows of a request: the first dimension of its inputs."""
    for value in bound.values():
        return value.shape[0] if value.shape else 1
    return 0
