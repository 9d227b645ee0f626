"""One pass over a policy: look, decide, act; and look again where others moved."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from traceback import format_exception

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.lineage import Cause, read_cause
from mlflow_serverless.pipeline.noting import mark, marked
from mlflow_serverless.pipeline.rooms import Rooms
from mlflow_serverless.reconcile.act import Done, act, propose
from mlflow_serverless.reconcile.bind import Binding
from mlflow_serverless.reconcile.deployed import Deployed
from mlflow_serverless.reconcile.errors import (
    IntentsMovedError,
    StillMovingError,
    UnexpectedError,
)
from mlflow_serverless.reconcile.intent import (
    Change,
    Ignore,
    Intent,
    RollBack,
    Wait,
    model_of,
)
from mlflow_serverless.reconcile.look import Again, Scene, View, look, look_again
from mlflow_serverless.reconcile.outcome import Outcome, digest_of, quiet_state
from mlflow_serverless.reconcile.recorded import record, restate, unrecorded
from mlflow_serverless.world import Clock, Tell

ATTEMPTS = 5
"""How often one deployment is looked at while others keep moving it."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """See `world.Clock`."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a pass is to be made."""

    tell: Tell
    cause: Cause = field(default_factory=Cause)
    expect: str = ""
    """Digest of the intents that were agreed to; any, if empty."""
    rooms: Rooms | None = None
    clock: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a pass."""

    outcomes: tuple[Outcome, ...]
    digest: str
    """Of the intents as they were at the first look."""


def dry_run(scene: Scene, wish: Wish) -> Result:
    """
    What `reconcile` would do; nothing outside this machine is touched.

    Raises:
        ServerlessError: The registry cannot be read, or `only` names nothing.
    """
    view = look(scene)
    digest = digest_of(view.intents, view.bound)
    return Result(outcomes=tuple(_proposed(scene, view, wish)), digest=digest)


def reconcile(scene: Scene, wish: Wish) -> Result:
    """
    Bring about what the policy means. Safe to repeat, and to run twice at once.

    A deployment that fails does not stop the others.

    Raises:
        IntentsMovedError: The intents are not those that were agreed to.
        ServerlessError: The registry cannot be read, or `only` names nothing.
    """
    view = look(scene)
    digest = digest_of(view.intents, view.bound)
    if wish.expect and wish.expect != digest:
        raise IntentsMovedError(wish.expect, digest)
    outcomes = tuple(
        _settled(scene, binding, intent, view, wish)
        for binding, intent in zip(view.bound, view.intents, strict=True)
    )
    return Result(outcomes=outcomes, digest=digest)


def _proposed(scene: Scene, view: View, wish: Wish) -> Iterator[Outcome]:
    for binding, intent in zip(view.bound, view.intents, strict=True):
        if not isinstance(intent, Change) and binding.place not in view.failures:
            yield Outcome(intent=intent, state=quiet_state(intent))
            continue
        try:
            yield _planned(scene, binding, intent, view, wish)
        except Exception as error:  # noqa: BLE001 - one must not stop the others
            yield _failed(intent, error, wish)


def _planned(
    scene: Scene, binding: Binding, intent: Intent, view: View, wish: Wish
) -> Outcome:
    if failure := view.failures.get(binding.place):
        raise failure
    assert isinstance(intent, Change)
    world = scene.worlds(binding.place.target)
    found = propose(intent, binding, world, wish.rooms)
    return Outcome(
        intent=intent, state="pending", steps=found.steps, parity=found.parity,
        cost=found.cost,
    )  # fmt: skip


def _settled(
    scene: Scene, binding: Binding, first: Intent, view: View, wish: Wish
) -> Outcome:
    begun = perf_counter()
    try:
        outcome = _tried(scene, binding, first, view, wish)
    except Exception as error:  # noqa: BLE001 - one must not stop the others
        outcome = _failed(first, error, wish)
    return replace(outcome, seconds=round(perf_counter() - begun, 3))


def _failed(intent: Intent, error: Exception, wish: Wish) -> Outcome:
    if not isinstance(error, ServerlessError):
        wish.tell("reconcile.warning", what="".join(format_exception(error)))
        error = UnexpectedError(intent.place.name, error)
    wish.tell("reconcile.warning", what=f"{intent.place}: {error.message}")
    return Outcome(intent=intent, state="failed", error=error)


def _tried(
    scene: Scene, binding: Binding, first: Intent, view: View, wish: Wish
) -> Outcome:
    if failure := view.failures.get(binding.place):
        raise failure
    for _ in range(ATTEMPTS):
        now = look_again(scene, binding)
        intent = now.intent
        if not isinstance(intent, Change):
            _healed(scene, binding, now, wish)
            return Outcome(intent=intent, state=quiet_state(intent))
        if wish.expect and not _agreed(intent, first):
            why = f"{intent.why}; not in the plan that was agreed to"
            held = Wait(place=binding.place, model=model_of(intent), why=why)
            return Outcome(intent=held, state="waiting")
        try:
            return _done(scene, binding, intent, now.have, wish)
        except ServerlessError as error:
            if error.kind is not Kind.CONFLICT:
                raise
            wish.tell("reconcile.warning", what=f"{binding.place}: {error.message}")
    raise StillMovingError(binding.place.name, ATTEMPTS)


def _agreed(intent: Intent, first: Intent) -> bool:
    """Whether *intent* is what was agreed to, when it was looked at first."""
    return type(intent) is type(first) and model_of(intent) == model_of(first)


def _done(
    scene: Scene, binding: Binding, intent: Change, have: Deployed, wish: Wish
) -> Outcome:
    kind = type(intent).__name__
    wish.tell("reconcile.step", step=f"{kind} {intent.place}: {intent.why}")
    cause = replace(wish.cause, approved_by=getattr(intent, "approved_by", ""))
    world = scene.worlds(intent.place.target)
    done = act(intent, binding, have, world, cause, wish.rooms)
    if isinstance(intent, RollBack) and done.deployment and binding.config.record:
        restate(scene.registry, have.model, done.deployment, tell=wish.tell)
    wish.tell("reconcile.done", what=f"{kind} {intent.place}: {done.said}")
    _recorded(scene, intent, done, cause, wish)
    return Outcome(
        intent=intent, state="done", steps=done.steps, deployment=done.deployment,
        parity=done.deployment.parity if done.deployment else "",
        cost="; ".join(done.deployment.costs) if done.deployment else "",
    )  # fmt: skip


def _recorded(
    scene: Scene, intent: Change, done: Done, cause: Cause, wish: Wish
) -> None:
    if done.does is None:
        return  # a rollout has begun; who ends it says what serves
    record(
        scene.registry, intent.place, done.does, model=model_of(intent),
        version=done.version, why=intent.why, cause=cause, at=wish.clock.now(),
        where=scene.worlds(intent.place.target).where(), tell=wish.tell,
    )  # fmt: skip


def _healed(scene: Scene, binding: Binding, now: Again, wish: Wish) -> None:
    """Write down what serves, where another way of deploying has not."""
    if binding.problem or not isinstance(now.intent, Ignore):
        return
    _accepted(scene, binding, now)
    where = scene.worlds(binding.place.target).where()
    does = unrecorded(binding.place, now.have, now.model, where=where)
    if does is not None:
        record(
            scene.registry, binding.place, does, model=now.have.model,
            version=now.have.version, why="found serving",
            cause=read_cause(now.have.cause), at=wish.clock.now(), where=where,
            tell=wish.tell,
        )  # fmt: skip


def _accepted(scene: Scene, binding: Binding, now: Again) -> None:
    """
    Where the registry means what serves, nothing is refused any more.

    A version that the registry comes back to later is news, and tried again.
    """
    model, place = now.model, binding.place
    version = model.meant(binding.rule.on) if model else None
    if not (now.have.refused and model and version):
        return
    if model.uri(version) == now.have.model:
        world = scene.worlds(place.target)
        have = world.cloud.snapshot(place.name)
        mark(have, marked(have, read_cause(now.have.cause), refused=()), world)
