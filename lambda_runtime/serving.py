"""A model being served: the right variant opened, and swapped for a better one later.

Loading costs what its variant costs, and every file comes as a path. A variant that is
slow to open but fast to run waits for `settle`, after an answer. Nothing here
keeps sockets, clocks, randomness or anything of a request, so a snapshot of the
process may be taken at any time between runs.
"""

from __future__ import annotations

from lambda_runtime.crash import watched
from lambda_runtime.engine import open_session
from lambda_runtime.faults import BrokenBundle, Fault
from lambda_runtime.telemetry import say
from lambda_runtime.tensor import SIZES, Value
from lambda_runtime.variants import choose, threads_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lambda_runtime.engine import Session
    from lambda_runtime.manifest import File, Manifest, Tensor, Variant
    from lambda_runtime.steady import Steady

    Open = Callable[[str, str, Variant, int], Session]
    """Engine kind, path, variant, threads."""

WARM_UP_BELOW_US = 20_000.0
"""Longer runs are left to the first request [us]."""

_WARM_UP_ELEMENTS = 1 << 20


class Serving:
    """
    One manifest's model, ready to run.

    Args:
        manifest: What to serve.
        path_of: Where a file lies, with the files it refers to beside it; may be
            slow, and raises BrokenBundle if it is nowhere.
        threads: Threads that one run may use; see `threads_for`.
        notes: What the paths of crash notes begin with; see `crash.watched`.
        tell: Gets one line if a better variant could not be made ready, or not yet.
        open_with: Opens a session; the engines' own, but for tests.

    Raises:
        BrokenBundle: Nothing of it can be served; the code says why.
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        manifest: Manifest,
        path_of: Callable[[File], str],
        *,
        threads: int,
        notes: str = "",
        tell: Callable[[str], object] | None = None,
        open_with: Open | None = None,
    ) -> None:
        self._manifest, self._path_of, self._threads = manifest, path_of, threads
        self._notes = notes
        self._tell = tell or say
        self._open_with = open_with or _opener(manifest)
        choice = choose(manifest.variants)
        self._session, self.variant = self._open_first(choice.now)
        later = choice.later
        self._later = None if later == self.variant else later
        self._steady: Steady | None = None

    def run(
        self, inputs: Mapping[str, Value], outputs: Sequence[str]
    ) -> dict[str, Value]:
        """
        Compute *outputs* from *inputs*.

        Raises:
            BadRequest: An input does not fit the graph.
            Internal: The engine failed.
        """
        return self._session.run(inputs, outputs)

    def settle(self, until_ms: float) -> bool:
        """
        Make the steady variant ready and change to it; False if time was too short.

        A variant that cannot be made ready is told of once and given up; the one that
        serves goes on serving.

        Args:
            until_ms: When to be done [ms since the epoch]; a variant whose measured
                load would not fit is left for another time.
        """
        if self._later is None:
            return True
        if self._steady is None:
            from lambda_runtime.steady import Steady  # noqa: PLC0415 - after an answer

            self._steady = Steady(self._later, self._fetch, self._open, self._tell)
        done, session = self._steady.open(until_ms)
        if session is not None:
            retired, self._session, self.variant = self._session, session, self._later
            retired.close()
        if done:
            self._later = None
        return done

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        self._later = None
        self._session.close()

    def _open_first(self, candidates: Sequence[Variant]) -> tuple[Session, Variant]:
        refused: BrokenBundle | None = None
        for variant in candidates:
            try:
                return self._open(variant, self._fetch(variant)), variant
            except BrokenBundle as cause:
                # Another form may suit this engine; missing files are missing for all.
                if cause.code != "graph-refused":
                    raise
                refused = refused or cause
        assert refused is not None
        raise refused

    def _fetch(self, variant: Variant) -> str:
        for path in variant.needs:
            self._path_of(self._manifest.file(path))
        return self._path_of(self._manifest.file(variant.file))

    def _open(self, variant: Variant, path: str) -> Session:
        if not self._notes:
            return self._ready(variant, path)
        digest = self._manifest.file(variant.file).sha256
        return watched(
            f"{self._notes}-{digest[:16]}",
            variant.file,
            lambda: self._ready(variant, path),
        )

    def _ready(self, variant: Variant, path: str) -> Session:
        """Open, compare with the manifest, and run once."""
        session = self._open_with(
            self._manifest.engine.kind, path, variant, self._threads
        )
        try:
            _require_same(self._manifest, session, variant)
            _warm_up(session, variant)
        except BaseException:
            session.close()
            raise
        return session


def _opener(manifest: Manifest) -> Open:
    """What opens the variants of *manifest*: a graph's engine, or its own library."""
    if manifest.engine.kind == "native":
        from lambda_runtime.native import open_native  # noqa: PLC0415 - the chosen one

        return lambda _kind, path, _variant, threads: open_native(
            manifest, path, threads=threads
        )
    return _open


def _open(kind: str, path: str, variant: Variant, threads: int) -> Session:
    return open_session(kind, path, variant, threads=threads)


def _require_same(manifest: Manifest, session: Session, variant: Variant) -> None:
    """BrokenBundle unless the graph takes and answers what the manifest says."""
    taken = sorted((tensor.name, tensor.dtype) for tensor in manifest.inputs)
    takes = sorted((tensor.name, tensor.dtype) for tensor in session.inputs)
    answers = {(tensor.name, tensor.dtype) for tensor in session.outputs}
    lacking = [
        f"{tensor.name}: {tensor.dtype}"
        for tensor in manifest.outputs
        if (tensor.name, tensor.dtype) not in answers
    ]
    if taken != takes:
        raise BrokenBundle(
            "graph-mismatch",
            f"{variant.file} takes {takes}, the manifest says {taken}",
        )
    if lacking:
        raise BrokenBundle(
            "graph-mismatch",
            f"{variant.file} does not answer {', '.join(lacking)}, as the manifest "
            "says; it may not be a tensor",
        )


def _warm_up(session: Session, variant: Variant) -> None:
    """Run once on nothing, so that the first request finds pages and caches filled."""
    if variant.run_us is None or variant.run_us > WARM_UP_BELOW_US:
        return
    if sum(_elements(tensor) for tensor in session.inputs) > _WARM_UP_ELEMENTS:
        return
    inputs = {tensor.name: _blank(tensor) for tensor in session.inputs}
    try:
        session.run(inputs, [tensor.name for tensor in session.outputs])
    except Fault:
        # A blank row may be no row of this model's; that is not known beforehand.
        return


def _elements(tensor: Tensor) -> int:
    count = 1
    for size in tensor.shape:
        count *= 1 if size is None else size
    return count


def _blank(tensor: Tensor) -> Value:
    """One row of zeros or empty texts."""
    shape = tuple(1 if size is None else size for size in tensor.shape)
    if tensor.dtype == "string":
        return Value("string", shape, [""] * _elements(tensor))
    return Value(tensor.dtype, shape, bytes(_elements(tensor) * SIZES[tensor.dtype]))


__all__ = ["Serving", "threads_for"]
