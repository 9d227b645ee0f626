"""The story itself. Each line is a room; each room's result is kept by its content.

A run that finds everything made already changes nothing and says so; a run that was
killed goes on from the last finished result when it is run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig, from_flat, parse
from mlflow_serverless.lineage import Does, read_cause
from mlflow_serverless.pipeline.build import build, resolve
from mlflow_serverless.pipeline.built import Built
from mlflow_serverless.pipeline.calling import calls
from mlflow_serverless.pipeline.controlled import controlled
from mlflow_serverless.pipeline.desired import caused, model_of, tag
from mlflow_serverless.pipeline.ending import Ending, carry_out, follow
from mlflow_serverless.pipeline.errors import ModelUnnamedError
from mlflow_serverless.pipeline.front import enter
from mlflow_serverless.pipeline.intended import Intended, examine, intend, located
from mlflow_serverless.pipeline.look import snapshot, there
from mlflow_serverless.pipeline.noting import note
from mlflow_serverless.pipeline.request import (
    Deployment,
    DeployRequest,
    Intent,
    Proposal,
)
from mlflow_serverless.pipeline.rooms import Rooms
from mlflow_serverless.pipeline.standing import standing
from mlflow_serverless.pipeline.strategy import Chosen, choose
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Finding,
    Place,
    Plan,
    PointAlias,
    Step,
    Weight,
    content_of,
    key_of,
    plan,
)
from mlflow_serverless.plan.resources import described
from mlflow_serverless.plan.rules import check_function_name
from mlflow_serverless.provenance import keep, record, withdraw
from mlflow_serverless.secure import refuse
from mlflow_serverless.topology import config_of
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.pipeline.driving import Watch


def deploy(
    request: DeployRequest,
    world: World,
    rooms: Rooms | None = None,
    *,
    watch: "Watch | None" = None,
) -> Deployment:
    """
    Bring about what *request* asks for, or change nothing.

    The new version is asked once before any traffic is moved to it, and its front
    door once after; traffic goes back if that fails.

    Args:
        request: What is wished for.
        world: Where, and with what.
        rooms: Other rooms to walk through.
        watch: Shows a rollout that is waited for.

    Raises:
        ServerlessError: Of the room that refused; what was finished is kept, and the
            same call goes on from there.
    """
    begun = perf_counter()
    have = _found(request, world)
    config = _configured(request, have)
    place = examine(have, config, request.foreign, world)
    model = resolve(_model_uri(request, have), _flavor(request, have), world, rooms)
    if (there_already := standing(request, have, model, config, world)) is not None:
        return there_already
    built = build(model, config, world, rooms)
    decided = _decided(request, have, config, built, place, world)
    refuse(request.name, decided.intended.findings)
    warn(decided.intended.findings, world)
    want = decided.intended.want
    ending = Ending(
        changes=_planned(want, decided.now, request, world), want=want, built=built,
        config=config, chosen=decided.chosen,
    )  # fmt: skip
    asked = _brought_about(ending, decided.now, world)
    costs = tuple(filter(None, (built.cost, *map(str, decided.intended.costs))))
    done = replace(_deployment(ending, world), smoke=asked, costs=costs)
    if config.record:
        _recorded(have, ending, done, request, world)
    done = follow(done, ending, world, watch)
    return replace(done, seconds=round(perf_counter() - begun, 3))


def plan_only(
    request: DeployRequest, world: World, rooms: Rooms | None = None
) -> Proposal:
    """
    Decide what *deploy* would change; nothing outside this machine is touched.

    Raises:
        ServerlessError: As *deploy* would.
    """
    have = _found(request, world)
    config = _configured(request, have)
    place = located(config, world)
    model = resolve(_model_uri(request, have), _flavor(request, have), world, rooms)
    built = build(model, config, world, rooms)
    decided = _decided(request, have, config, built, place, world)
    intended, now, want = decided.intended, decided.now, decided.intended.want
    changes = plan(want, now, foreign=request.foreign)
    return Proposal(
        name=request.name,
        target=world.target,
        want=want,
        place=place,
        plan=changes,
        model=built.model.uri,
        bundle=built.bundle.digest,
        parity=built.parity.summary,
        engine=": ".join(built.bundle.manifest.engine[:2]),
        cost=built.cost,
        findings=(*intended.findings, *_left_alone(want, now)),
        costs=intended.costs,
        cold_start=intended.cold_start,
        rollout=decided.chosen,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What is to be, what there is, and how traffic goes from one to the other."""

    intended: Intended
    now: Actual
    chosen: Chosen | None


def _decided(  # noqa: PLR0913, PLR0917 - all that is known
    request: DeployRequest,
    have: Actual,
    config: DeploymentConfig,
    built: Built,
    place: Place | None,
    world: World,
) -> _Decided:
    """Nothing outside this machine is changed."""
    intended = intend(have, config, built, place, world)
    now = world.cloud.snapshot(request.name, wanted=intended.want.resources)
    foreign = request.foreign
    moves = plan(intended.want, now, foreign=foreign)
    chosen = choose(moves, now, config, world.cloud)
    intended = controlled(intended, now, chosen, config, world)
    cause = request.cause or world.cause.text()
    want = caused(intended.want, now, cause, foreign=foreign)
    return _Decided(intended=replace(intended, want=want), now=now, chosen=chosen)


def warn(findings: tuple[Finding, ...], world: World) -> None:
    """What stops nothing is said all the same."""
    for finding in findings:
        if finding.weight in {Weight.WARNING, Weight.ALLOWED}:
            world.tell("audit.warning", what=str(finding))


def _left_alone(want: Desired, have: Actual) -> Iterator[Finding]:
    """What somebody else made beside it is reported, and not touched."""
    wanted = {key_of(resource) for resource in want.resources}
    for resource in have.foreign:
        if key_of(resource) not in wanted:
            what = f"{described(resource)} was made by somebody else; it stays"
            yield Finding(code="left-alone", weight=Weight.NOTE, what=what)


def _found(request: DeployRequest, world: World) -> Actual:
    check_function_name(request.name)
    if request.intent is Intent.UPDATE:
        return there(request.name, world.cloud)
    return snapshot(request.name, world.cloud)


def _configured(request: DeployRequest, have: Actual) -> DeploymentConfig:
    """An update keeps what it does not mention; all else starts from the defaults."""
    if request.intent is Intent.UPDATE:
        return from_flat(request.given, config_of(have))
    return parse(request.given)


def _model_uri(request: DeployRequest, have: Actual) -> str:
    uri = request.model_uri or model_of(have, config_of(have).alias)
    if not uri:
        raise ModelUnnamedError(request.name)
    return uri


def _flavor(request: DeployRequest, have: Actual) -> str | None:
    """An update that keeps the model keeps the flavour that was chosen for it."""
    if request.model_uri is None:
        return request.flavor or tag(have, "flavor") or None
    return request.flavor


def _planned(want: Desired, have: Actual, request: DeployRequest, world: World) -> Plan:
    changes = plan(want, have, foreign=request.foreign)
    count, name = len(changes.steps), changes.name
    if changes:
        world.tell("plan.done", what=f"{count} steps", steps=count)
    else:
        world.tell("plan.kept", what=f"{name} is as it should be", steps=0)
    return changes


def _brought_about(ending: Ending, now: Actual, world: World) -> str:
    """Carry the plan out; what was asked of the version, and then at its front door."""
    asked = carry_out(ending, world)
    if not (ending.changes and ending.config.smoke):
        return asked
    want = ending.want
    outside = enter(want, ending.built.question, now.alias(want.alias), world)
    return "; ".join(filter(None, (asked, outside)))


def _deployment(ending: Ending, world: World) -> Deployment:
    want, built = ending.want, ending.built
    have = world.cloud.snapshot(want.function.name)
    version = have.holding(content_of(want.function))
    return Deployment(
        name=want.function.name,
        target=world.target,
        alias=want.alias,
        version=version.number if version else "",
        model=built.model.uri,
        flavor=built.model.flavor,
        bundle=built.bundle.digest,
        parity=built.parity.summary,
        run=built.model.run_id or "",
        changed=tuple(_taken(one, ending) for one in ending.changes.steps),
        outputs=have.outputs,
        calls=calls(have, want.alias, world.target),
    )


def _taken(one: Step, ending: Ending) -> str:
    """A step in words; where a rollout moves the traffic, it has begun instead."""
    if isinstance(one, PointAlias) and ending.begins:
        return f"begin a rollout of {one.name}:{one.alias}: {ending.chosen}"
    return str(one)


def _has_all(done: Deployment, world: World) -> bool:
    """Whether the version has all traffic: without stages it gets it at once."""
    pointed = world.cloud.snapshot(done.name).alias(done.alias)
    return pointed is not None and (pointed.version, pointed.weights) == (
        done.version, (),
    )  # fmt: skip


def _recorded(
    have: Actual, ending: Ending, done: Deployment, request: DeployRequest,
    world: World,
) -> None:  # fmt: skip
    """MLflow says of each model where it is served now."""
    built = ending.built
    if ending.begins and not _has_all(done, world):
        keep(built.model, done.name, built.reports, world.tell)
        return  # the rollout says what serves, when it has moved the traffic
    before = model_of(have, done.alias)
    if before and before != built.model.uri:
        withdraw(before, done.name, world.tell)
    record(built.model, done, built.reports, world.tell)
    moves = any(isinstance(one, PointAlias) for one in ending.changes.steps)
    if moves and request.history:
        now, why = world.cloud.snapshot(done.name), "deployed"
        cause = read_cause(request.cause) or world.cause
        note(now, Does.SERVES, done.version, why=why, world=world, cause=cause)
