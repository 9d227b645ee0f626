"""From registry, deployments and policy to intents; pure.

Level-triggered: an intent follows from what the registry says and what is deployed when
both are looked at, never from the event that woke us. So events that are late, sent
again, out of order or lost cannot move anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mlflow_serverless.config import flat
from mlflow_serverless.reconcile.bind import Binding
from mlflow_serverless.reconcile.deployed import Deployed, Phase
from mlflow_serverless.reconcile.intent import (
    Deploy,
    Ignore,
    Intent,
    Place,
    Promote,
    Retire,
    RollBack,
    Update,
    Wait,
)
from mlflow_serverless.reconcile.observed import (
    APPROVED,
    REFUSED,
    Model,
    ModelVersion,
)

Looks = Mapping[Place, Deployed]


@dataclass(frozen=True, slots=True)
class Told:
    """What a run was told by whoever started it."""

    approvals: Mapping[str, str] = field(default_factory=dict)
    """Environment to who approved it."""
    retry: frozenset[str] = frozenset()
    """Deployments where a version that lost its traffic may try again."""


def intents(
    bound: Iterable[Binding],
    models: Iterable[Model],
    looks: Looks,
    told: Told,
) -> tuple[Intent, ...]:
    """
    What is to be done, for every deployment that the policy means.

    Args:
        bound: The deployments that the policy means.
        models: What the registry says, read after *looks* were taken.
        looks: What is deployed.
        told: By whoever started this run.
    """
    known = {model.name: model for model in models}
    return tuple(_intent(b, known.get(b.model), looks, told) for b in bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One deployment for which the registry means a version."""

    b: Binding
    have: Deployed
    uri: str
    version: ModelVersion
    looks: Looks
    told: Told

    @property
    def approver(self) -> str:
        """Who agreed, where somebody must; empty if nobody has."""
        environment = self.b.place.environment
        match self.b.approval:
            case "tag":
                return self.version.tags.get(f"{APPROVED}{environment}", "")
            case "run":
                return self.told.approvals.get(environment, "")
            case _:
                return ""


def _intent(b: Binding, model: Model | None, looks: Looks, told: Told) -> Intent:
    have = looks.get(b.place, Deployed())
    if b.problem:
        return Ignore(place=b.place, why=b.problem)
    if model is None:
        return Ignore(place=b.place, why=_no_model(b, have))
    version = model.meant(b.rule.on)
    if version is None:
        return _unwanted(b, have, told)
    uri = model.uri(version)
    case = _Case(b=b, have=have, uri=uri, version=version, looks=looks, told=told)
    if have.shifting:
        return _during_rollout(case)
    if _serves(have, uri, version):
        return _same_model(case)
    return _other_model(case)


def _no_model(b: Binding, have: Deployed) -> str:
    if not have.exists:
        return f"there is no registered model {b.model}"
    return (
        f"the registry has no model {b.model} at all; a deployment is never retired "
        f"for that: mlflow-serverless delete {b.place.name}, if it is meant"
    )


def _unwanted(b: Binding, have: Deployed, told: Told) -> Intent:
    """No version is meant (any more)."""
    nothing = f"no version of {b.model} has {b.rule.on}"
    if not have.exists:
        return Ignore(place=b.place, why=nothing)
    if b.rule.retire == "keep":
        return Ignore(place=b.place, why=f"{nothing}; retire: keep")
    if have.model and have.model.rpartition("/")[0] != f"models:/{b.model}":
        return Ignore(place=b.place, why=f"{nothing}, but it serves {have.model}")
    if b.approval == "run" and b.place.environment not in told.approvals:
        return Wait(place=b.place, model=have.model, why=_ask_run(b))
    return Retire(place=b.place, model=have.model, why=f"{nothing}; retire: delete")


def _during_rollout(case: _Case) -> Intent:
    place, have, uri = case.b.place, case.have, case.uri
    going = f"a rollout of {have.other or 'another version'} has {have.share:.0%}"
    if uri == have.model and uri != have.other:
        why = f"{case.b.rule.on} is {uri} again while {going}"
        return RollBack(place=place, model=uri, version=have.version, why=why)
    what = "advance goes on with it" if uri == have.other else f"{uri} comes after it"
    return Wait(place=place, model=uri, why=f"{going}; {what}")


def _serves(have: Deployed, uri: str, version: ModelVersion) -> bool:
    known = have.model_id and version.model_id
    return have.model == uri and (not known or have.model_id == version.model_id)


def _same_model(case: _Case) -> Intent:
    want, there = flat(case.b.config), flat(case.have.config)
    keys = [k for k in sorted({*want, *there}) if want.get(k) != there.get(k)]
    if not keys:
        return Ignore(place=case.b.place, why=f"serves {case.uri} as it should")
    return _forward(case, f"the policy changes {', '.join(keys)}")


def _other_model(case: _Case) -> Intent:
    have, version = case.have, case.version
    means = f"{case.b.rule.on} is {case.uri}"
    if not have.version:
        return _forward(case, means)
    now = f"{means}, and {have.model or 'an unknown model'} is served"
    if not _is_back(case.b.model, have.model, version):
        return _forward(case, now)
    published = have.holding(case.uri, version.model_id)
    if published is None:
        return _forward(case, f"{now}; that earlier one was never published here")
    return RollBack(
        place=case.b.place, model=case.uri, version=published.number,
        why=f"{now}; version {published.number} holds it and is published",
    )  # fmt: skip


def _is_back(name: str, served: str, version: ModelVersion) -> bool:
    """Whether *version* is an earlier one of the same model than the one served."""
    model, _, number = served.rpartition("/")
    same = model == f"models:/{name}" and number.isdigit()
    return same and version.number < int(number)


def _forward(case: _Case, why: str) -> Intent:
    """Make the version serve, unless one of the gates is still shut."""
    place = case.b.place
    shut = _shut(case)
    if shut:
        return Wait(place=place, model=case.uri, why=shut)
    approver, strategy = case.approver, case.b.strategy
    if case.b.after is not None:
        return Promote(
            place=place, model=case.uri, strategy=strategy, approved_by=approver,
            why=f"{why}; {case.b.after.environment} serves it",
        )  # fmt: skip
    if not case.have.version:
        return Deploy(place=place, model=case.uri, why=why, approved_by=approver)
    return Update(
        place=place, model=case.uri, why=why, strategy=strategy, approved_by=approver
    )


def _shut(case: _Case) -> str:
    """Why the version must wait; empty if it need not."""
    b, uri, version, have = case.b, case.uri, case.version, case.have
    if not version.ready:
        return f"{uri} is not ready in the registry"
    if (refused := _refused(case)) and b.place.name not in case.told.retry:
        again = f"--retry {b.place.name} tries it again"
        return f"{uri} lost its traffic here: {refused}; {again}"
    if have.phase is Phase.GUARDING:
        return f"{have.model} is guarded after its promotion; {uri} comes after it"
    if b.after is not None:
        before = case.looks.get(b.after, Deployed())
        if before.shifting or not _serves(before, uri, version):
            return f"{b.after.environment} does not serve {uri} yet"
    if b.approval != "none" and not case.approver:
        return _ask_run(b) if b.approval == "run" else _ask_tag(b, uri)
    return ""


def _refused(case: _Case) -> str:
    """Why the version was rolled back here; empty if it was not."""
    have = case.have
    by = f" ({have.cause})" if have.cause else ""
    if have.phase is Phase.ROLLED_BACK and have.other == case.uri:
        return f"{have.why or 'it was rolled back'}{by}"
    if case.uri in have.refused:
        return f"it was rolled back{by}"
    return case.version.tags.get(REFUSED.format(deployment=case.b.place.name), "")


def _ask_run(b: Binding) -> str:
    environment = b.place.environment
    return f"{environment} asks for approval: --approved-by {environment}=WHO"


def _ask_tag(b: Binding, uri: str) -> str:
    tag = f"{APPROVED}{b.place.environment}"
    return f"{b.place.environment} asks for approval: set the tag {tag}=WHO on {uri}"
