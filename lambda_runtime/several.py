"""Several models behind one function, as many of them ready as memory has room for.

Their bundle's `manifest.json` is then an index of bundles, each in a folder of its own:

    {"models": {"fraud": "fraud", "churn": "teams/churn"}, "memory_bytes": 500000000}

Names are what callers say, folders are below the index. The first model is opened at
the start and answers `/invocations`; others are opened when they are first asked for,
at `/models/NAME/invocations` or `/v2/models/NAME/infer`. The longest unused are closed
when all together would exceed `memory_bytes` (unset: half of the function's memory).
"""

from __future__ import annotations

import sys
from time import perf_counter_ns

from lambda_runtime.after import AGAIN
from lambda_runtime.app import App, manifest_of, open_model, read_plain
from lambda_runtime.cache.sessions import Sessions
from lambda_runtime.faults import BrokenBundle, Fault, NotFound
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.paths import unquote
from lambda_runtime.protocol.refusals import refuse
from lambda_runtime.protocol.replies import reply
from lambda_runtime.protocol.service import only
from lambda_runtime.record import NamedTuple
from lambda_runtime.telemetry import say
from lambda_runtime.variants import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambda_runtime.app import Opened
    from lambda_runtime.exchange import Request, Response
    from lambda_runtime.manifest import Manifest, Variant
    from lambda_runtime.settings import Settings
    from lambda_runtime.telemetry import Facts

_SHARE_OF_MEMORY = 0.5
"""What models may take of the function's memory if the index does not say; the rest is
the interpreter's, the library's, and the requests'."""

_OF_NONE = frozenset({"/ping", "/health", "/version", "/v2", "/models"})
"""Paths that are about no model; `/v2/health/...` is not either."""

_INVOKE = frozenset({"invocations", "invoke"})
"""What follows `/models/NAME/` to predict: ours, and SageMaker's."""


class Unavailable(Fault):
    """One of several models cannot be opened now; the others go on."""

    status = 503
    code = "TEMPORARILY_UNAVAILABLE"


class Index(NamedTuple):
    """Which models there are, and what they may take."""

    folders: Mapping[str, str]
    """Folder of each model's bundle, by name; the first is asked by default."""
    memory_bytes: int
    """Most that ready models may take together, but for one alone."""

    @property
    def first(self) -> str:
        """The model that is asked where none is named."""
        return next(iter(self.folders))


def read_index(plain: Mapping[str, Any], settings: Settings) -> Index:
    """
    The index that *plain* is.

    Raises:
        BrokenBundle: `manifest-malformed`; it is none.
    """
    models = plain["models"]
    most = plain.get("memory_bytes", int(settings.memory_mb * 1e6 * _SHARE_OF_MEMORY))
    if not isinstance(models, dict) or not models or not all(map(_named, models)):
        raise _malformed("'models' must name at least one, without a '/'")
    if not all(map(_below, models.values())):
        raise _malformed("every model's folder must lie below the index")
    if type(most) is not int or most <= 0:
        raise _malformed("'memory_bytes' must be a whole number above zero")
    folders = {name: f"{settings.bundle}/{where}" for name, where in models.items()}
    return Index(folders, most)


def _named(name: object) -> bool:
    return isinstance(name, str) and bool(name) and "/" not in name


def _below(folder: object) -> bool:
    parts = folder.split("/") if isinstance(folder, str) else [""]
    return {"", ".", ".."}.isdisjoint(parts) and "\0" not in "".join(parts)


def _malformed(why: str) -> BrokenBundle:
    return BrokenBundle("manifest-malformed", f"index of several models: {why}")


class Several:
    """
    Answers for several models, opening and closing them as they are asked for.

    For one thread, but for `aside`.

    Args:
        index: Which there are.
        settings: How much there is to run them with.
        born_ns: When the process began, by `perf_counter_ns`.

    Raises:
        BrokenBundle: The first cannot be served.
    """

    def __init__(self, index: Index, settings: Settings, *, born_ns: int) -> None:
        self._index, self._settings = index, settings
        self._sessions = Sessions(index.memory_bytes)
        self._manifests: dict[str, Manifest] = {}
        self._init_ms: float | None = None
        first = self._obtain(index.first, born_ns)
        self._init_ms = first.facts.init_ms
        self.facts: Facts = first.facts
        """Of the model that answered last."""
        self.last: object = first.service.last
        self._none = first.service.last
        # Good for what is about no model even once the first is closed: no graph runs.
        self._front = first.service

    def respond(self, request: Request) -> Response:
        """The answer to *request*, errors included."""
        self.last = self._none
        try:
            asked = self._asked(request.path.rstrip("/"))
            if asked is None:
                return self._about_none(request)
            opened = self._opened(asked[0])
        except Exception as failure:  # noqa: BLE001 - as a single model's service does
            inference = request.path.startswith("/v2")
            return refuse(failure, inference=inference, report=sys.stderr.write)
        response = opened.service.respond(request._replace(path=asked[1]))
        self.last = opened.service.last
        self.facts = opened.facts
        return response

    def aside(self, request: Request) -> Response | None:
        """What is about no model, and so waits for none; None for all else."""
        if request.method != "GET" or not _is_of_none(request.path.rstrip("/")):
            return None
        return self._about_none(request)

    def settle(self, until_ms: int) -> object:
        """Make the models that are ready faster; False if there is too little time."""
        done = [opened.serving.settle(until_ms) for opened in self._sessions.ready]
        return AGAIN if all(done) else False

    def share(self, until_ms: int) -> object:
        """Write what mounted folders lack; False if there is too little time."""
        done = [opened.share(until_ms) for opened in self._sessions.ready]
        return AGAIN if all(done) else False

    def close(self) -> None:
        """Give everything back."""
        self._sessions.close()

    def _asked(self, path: str) -> tuple[str, str] | None:
        """The model that *path* is about, and the path in that model's own words."""
        if _is_of_none(path):
            return None
        if path.startswith("/v2/models/"):
            return self._known(path.split("/")[3]), path
        if not path.startswith("/models/"):
            return self._index.first, path
        name, _, rest = path.removeprefix("/models/").partition("/")
        return self._known(name), "/invocations" if rest in _INVOKE else f"/{rest}"

    def _known(self, part: str) -> str:
        name = unquote(part)
        if name not in self._index.folders:
            there = ", ".join(f"'{one}'" for one in self._index.folders)
            raise NotFound(f"No such model; there are {there}.")
        return name

    def _about_none(self, request: Request) -> Response:
        if request.path.rstrip("/") != "/models":
            return self._front.aside(request) or self._front.respond(request)
        only(request, "GET")
        ready = set(self._sessions.keys)
        models = [
            {"name": name, "ready": name in ready} for name in self._index.folders
        ]
        return reply(json_text.dumps({"models": models}))

    def _opened(self, name: str) -> Opened:
        """The model *name*, opened now if it is not; Unavailable if it cannot be."""
        try:
            return self._obtain(name, perf_counter_ns())
        except BrokenBundle as cause:
            say(f"models.failed name={name} code={cause.code} why={cause}")
            raise Unavailable(
                f"Model '{name}' cannot be opened ({cause.code}); the function's log "
                "says why."
            ) from cause

    def _obtain(self, name: str, began_ns: int) -> Opened:
        """The model *name*, opened now if it is not; BrokenBundle if it cannot be."""
        before = self._sessions.keys
        expect = 0 if name in before else self._expected(name)
        opened = self._sessions.obtain(
            name, lambda: self._open(name, began_ns), self._weight, expect
        )
        if name not in before:
            closed = [one for one in before if one not in self._sessions.keys]
            ms = (perf_counter_ns() - began_ns) / 1e6
            say(
                f"models.opened name={name} ms={ms:.1f} bytes={self._weight(opened)} "
                f"of={self._sessions.bytes}/{self._index.memory_bytes} "
                f"closed={','.join(closed)}"
            )
        return opened

    def _open(self, name: str, born_ns: int) -> Opened:
        folder = self._index.folders[name]
        manifest = self._manifest(name)
        opened = open_model(manifest, folder, self._settings, born_ns=born_ns)
        if self._init_ms is None:
            return opened
        # The process began once: what others took to open is no start of it.
        return opened._replace(facts=opened.facts._replace(init_ms=self._init_ms))

    def _weight(self, opened: Opened) -> int:
        """What *opened* weighs in the form that it has now [bytes]."""
        manifest = self._manifest(opened.facts.model)
        return weight_of(manifest, opened.serving.variant)

    def _expected(self, name: str) -> int:
        """What the model *name* will weigh once it is open [bytes]."""
        manifest = self._manifest(name)
        return weight_of(manifest, choose(manifest.variants).now[0])

    def _manifest(self, name: str) -> Manifest:
        """The manifest of the model *name*, which it is called by whatever it says."""
        if name not in self._manifests:
            folder = self._index.folders[name]
            manifest = manifest_of(read_plain(folder), folder)
            model = manifest.model._replace(name=name)
            self._manifests[name] = manifest._replace(model=model)
        return self._manifests[name]


def _is_of_none(path: str) -> bool:
    return path in _OF_NONE or path.startswith("/v2/health/")


def weight_of(manifest: Manifest, variant: Variant) -> int:
    """About what a session of *variant* holds in memory [bytes]."""
    paths = (variant.file, *variant.needs)
    size = sum(manifest.file(path).bytes for path in paths)
    return size * 2 if variant.prepack else size  # laid out again beside the file


def build_several(plain: Mapping[str, Any], settings: Settings, *, born_ns: int) -> App:
    """
    Open the first of the models that the index *plain* names.

    Args:
        plain: The index, as JSON values.
        settings: Where it was found, and how much there is to run models with.
        born_ns: When the process began, by `perf_counter_ns`.

    Raises:
        BrokenBundle: It is no index, or its first model cannot be served.
    """
    several = Several(read_index(plain, settings), settings, born_ns=born_ns)
    return App(
        several,
        lambda: several.facts,
        settle=several.settle,
        share=several.share,
        close=several.close,
    )
