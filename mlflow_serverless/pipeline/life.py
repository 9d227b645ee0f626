"""What happens to a deployment later: going back, letting go of the old, the end."""

from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow_serverless.apply import apply
from mlflow_serverless.lineage import Does
from mlflow_serverless.pipeline.desired import model_of, origin_of
from mlflow_serverless.pipeline.ending import Steps
from mlflow_serverless.pipeline.errors import NothingBeforeError
from mlflow_serverless.pipeline.look import published, snapshot, there
from mlflow_serverless.pipeline.noting import mark, marked, note, refused_in
from mlflow_serverless.pipeline.request import Deployment, Published
from mlflow_serverless.plan import (
    Actual,
    Alias,
    Garbage,
    RouteAlias,
    Version,
    garbage,
    plan_removal,
)
from mlflow_serverless.plan.errors import NoSuchVersionError
from mlflow_serverless.plan.resources import INSIDE
from mlflow_serverless.plan.rules import check_function_name
from mlflow_serverless.provenance import restate, withdraw
from mlflow_serverless.report import step
from mlflow_serverless.topology import config_of
from mlflow_serverless.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An alias that was moved, or was there already."""

    name: str
    alias: str
    before: str
    """The version that got its traffic (most of it) before."""
    now: Published
    changed: bool


def rollback(name: str, world: World, *, to: str | None = None) -> Moved:
    """
    Send all traffic to an earlier version, at once; nothing is built.

    Args:
        name: The deployment.
        world: Where it is.
        to: A version's number. Left out: the version that an unfinished rollout
            (guarded ones included) has started from, and the rollout is over; else the
            one published before the one that serves.

    Raises:
        DeploymentMissingError: There is no such deployment.
        NothingBeforeError: No version was published before.
        NoSuchVersionError: There is no version *to*.
        AliasMovedError: Somebody else moved the alias meanwhile.
    """
    have = there(name, world.cloud)
    config = config_of(have)
    alias = have.alias(config.alias)
    if alias is None:
        raise NothingBeforeError(name, config.alias)
    version, ended = _back_to(have, alias, to)
    changed = (alias.version, alias.weights) != (version.number, ())
    if changed:
        # First the mark: a reconcile that comes between must not undo the move.
        refused = _refused(have, alias, version.number)
        mark(have, marked(have, world.cause, refused=refused), world)
        back = (version.number, (), ended, alias.revision)
        world.cloud.perform(RouteAlias(name, alias.name, *back))
    said = "serves" if changed else "already serves"
    what = f"{name}:{alias.name} {said} version {version.number}"
    world.tell("rollback.done", what=what)
    now = published(version, world.cloud.snapshot(name))
    if config.record:
        restated(now, model_of(have, alias.name), name, alias.name, world)
        if changed:
            why = f"rolled back from version {alias.version}"
            note(have, Does.RETURNS, version.number, why=why, world=world)
    return Moved(
        name=name, alias=alias.name, before=alias.version, now=now, changed=changed
    )


def _back_to(have: Actual, alias: Alias, to: str | None) -> tuple[Version, str]:
    """Where to go back, and the alias's note then: of a rollout that ends by it."""
    going = _aborted(have, alias)
    target = to or (going[0] if going else _before(have, alias))
    version = have.version(target)
    if version is None:
        known = tuple(v.number for v in have.versions)
        raise NoSuchVersionError(have.name, target, known)
    return version, going[1] if going and going[0] == target else ""


def _refused(have: Actual, alias: Alias, target: str) -> tuple[str, ...]:
    """Versions that are to get no traffic again, now that *target* gets it all."""
    shared = [number for number, share in alias.weights if share > 0]
    models = {v.number: origin_of(v).model for v in have.versions}
    lost = (*refused_in(have), *shared, alias.version)
    return tuple(n for n in lost if n in models and models[n] != models[target])


def _aborted(have: Actual, alias: Alias) -> tuple[str, str] | None:
    """Where the rollout under way began, and its note once it is ended."""
    if not alias.note:
        return None
    from mlflow_serverless.shift import under_way  # noqa: PLC0415 - brings scipy
    from mlflow_serverless.shift.note import encode  # noqa: PLC0415
    from mlflow_serverless.shift.person import aborted  # noqa: PLC0415

    rollout = under_way(have, alias.name)
    if rollout is None:
        return None
    now = datetime.now(UTC).timestamp()
    return rollout.baseline, encode(aborted(rollout, now))


def restated(now: Published, before: str, name: str, alias: str, world: World) -> None:
    """MLflow says of each model where it is served now; *before* is not any more."""
    if before and before != now.model:
        withdraw(before, name, world.tell)
    done = Deployment(
        name=name, target=world.target, alias=alias, version=now.version,
        model=now.model, flavor=now.flavor, bundle=_digest(now.artifact),
        parity=now.parity, changed=(),
    )  # fmt: skip
    restate(done, world.tell)


def _digest(artifact: str) -> str:
    """Of the bundle, where that is what is kept; an image does not say which it has."""
    return artifact if artifact.startswith("sha256:") else ""


def _before(have: Actual, alias: Alias) -> str:
    if alias.weights:
        return alias.version
    earlier = [v.number for v in have.versions if int(v.number) < int(alias.version)]
    if not earlier:
        raise NothingBeforeError(have.name, alias.name)
    return earlier[-1]


def spare(name: str, world: World, *, keep: int | None = None) -> Garbage:
    """
    What nobody needs of *name*; nothing is removed.

    A deployment that died before its function was made may have left artifacts, too.

    Raises:
        DeploymentMissingError: There is no such deployment.
    """
    have = world.cloud.snapshot(name)
    if have.function is None and not have.artifacts:
        have = there(name, world.cloud)
    config = config_of(have)
    return garbage(
        have, keep=keep or config.keep_versions, needed_too=_rolling(have, config.alias)
    )


def _rolling(have: Actual, alias: str) -> tuple[str, ...]:
    """Versions of a rollout under way: one may be guarded, or in the shadow."""
    pointed = have.alias(alias)
    if pointed is None or not pointed.note:
        return ()
    from mlflow_serverless.shift import under_way  # noqa: PLC0415 - brings scipy

    rollout = under_way(have, alias)
    return (rollout.baseline, rollout.candidate) if rollout else ()


def gc(name: str, world: World, *, keep: int | None = None) -> Garbage:
    """
    Remove versions and artifacts that nobody needs; what was removed.

    Raises:
        DeploymentMissingError: There is no such deployment.
        ApplyError: A removal failed; run again to go on.
    """
    found = spare(name, world, keep=keep)
    with step(world.tell, "gc", name) as said:
        apply(found.plan, world.cloud, Steps(world))
        count = len(found.plan.steps)
        said.say(f"{count} removed, {len(found.kept)} versions kept", fresh=bool(count))
    return found


def delete(name: str, world: World) -> bool:
    """
    Take the deployment away; False if there was none.

    Raises:
        NotADeploymentError: It is a function of ours that serves no model.
        ApplyError: A removal failed; run again to go on.
    """
    check_function_name(name)
    have = snapshot(name, world.cloud)
    removal = plan_removal(have)
    with step(world.tell, "delete", name) as said:
        apply(removal, world.cloud, Steps(world))
        said.say(name if removal else f"{name} is not there", fresh=bool(removal))
    if removal and config_of(have).record:
        withdraw(model_of(have, config_of(have).alias), name, world.tell)
    if left := unseen(have):
        what = f"not allowed to look, so these may be left: {', '.join(left)}"
        world.tell("delete.warning", what=what, left=left)
    return bool(removal)


def unseen(have: Actual) -> tuple[str, ...]:
    """
    What may be there beside *have*: kinds, by name, at which we may not look.

    What goes with the function by itself is not among them.
    """
    gone = {kind.kind for kind in INSIDE}
    noted = dict(have.outputs).get("not_looked_at", "")
    return tuple(one for one in noted.split(", ") if one and one not in gone)
