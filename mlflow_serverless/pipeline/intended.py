"""What a deployment is to be, and whether it may: before and after it is built."""

import getpass
from dataclasses import dataclass, replace

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.cost import CostLine, monthly
from mlflow_serverless.pipeline.built import Built
from mlflow_serverless.pipeline.desired import desired
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Finding,
    Foreign,
    Function,
    Place,
    Weight,
    foreign_to,
)
from mlflow_serverless.plan.errors import ForeignError, NotOfferedError
from mlflow_serverless.plan.rules import check
from mlflow_serverless.preflight import ModelFacts, inspect
from mlflow_serverless.secure import audit, refuse
from mlflow_serverless.topology import (
    DRIVER,
    Topology,
    beyond_reach,
    control,
    only_on_aws,
    schedule,
    topology,
)
from mlflow_serverless.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """All that was decided."""

    want: Desired
    findings: tuple[Finding, ...]
    costs: tuple[CostLine, ...]
    cold_start: str


def outline(
    name: str, config: DeploymentConfig, place: Place | None, *, bundle: str = ""
) -> Desired:
    """The deployment as far as it is known before a model is built for it."""
    around = topology(name, config, place, bundle=bundle)
    function = Function(name=name, artifact="", settings=around.settings)
    resources = around.resources
    if place is not None and config.strategy.driver == DRIVER:
        wakes = schedule(name, config, place, since="", end=0.0)
        resources = (*resources, *control(name, config, place), wakes)
    return Desired(function=function, alias=config.alias, resources=resources)


def located(config: DeploymentConfig, world: World) -> Place | None:
    """
    Where the deployment is to be.

    Raises:
        NotOfferedError: Options that the target cannot honour.
    """
    place = world.cloud.place()
    if place is None and (wrong := only_on_aws(config)):
        raise NotOfferedError(world.target, wrong)
    if place is not None and config.strategy.driver == DRIVER:
        none = () if world.controller else (f"strategy.driver={DRIVER}",)
        if wrong := (*none, *beyond_reach(config)):
            raise NotOfferedError(world.target, wrong)
    return place


def examine(
    have: Actual, config: DeploymentConfig, foreign: Foreign, world: World
) -> Place | None:
    """
    Where the deployment is to be; refused before anything is built if it cannot.

    Args:
        have: What is there under its name.
        config: How it is to run.
        foreign: What becomes of things that somebody else made.
        world: Whom to ask.

    Raises:
        NotOfferedError: Options that the target cannot honour.
        ForeignError: Somebody else made what has one of its names.
        RefusedError: The audit or preflight says no.
        BadSettingsError: Settings beyond AWS's limits.
    """
    place = located(config, world)
    want = outline(have.name, config, place)
    if foreign is Foreign.REFUSE and (taken := foreign_to(want, have)):
        raise ForeignError(have.name, taken)
    refuse(have.name, _findings(want, have, config, place, world))
    check(want)
    return place


def intend(
    have: Actual,
    config: DeploymentConfig,
    built: Built,
    place: Place | None,
    world: World,
) -> Intended:
    """What is wanted now that *built* is there; stages its artifact on this machine."""
    name, model = have.name, _measured(built)
    around = topology(name, config, place, bundle=built.bundle.digest, model=model)
    artifact = world.cloud.stage(built.bundle, around.packing)
    want = desired(
        name, artifact, built.model, built.parity.summary, config,
        around=around, by=_who(place),
    )  # fmt: skip
    return Intended(
        want=want,
        findings=_findings(want, have, config, place, world, model),
        costs=monthly(want, place),
        cold_start=_said(around),
    )


def _findings(  # noqa: PLR0913, PLR0917 - all that is known
    want: Desired,
    have: Actual,
    config: DeploymentConfig,
    place: Place | None,
    world: World,
    model: ModelFacts | None = None,
) -> tuple[Finding, ...]:
    """On this machine nothing is refused that hurts only where others are."""
    found = audit(want, config.allow)
    if place is None:
        return tuple(_softened(finding) for finding in found)
    held = have.function.settings.concurrency if have.function else None
    facts = replace(world.cloud.facts(want), model=model, held=held or 0)
    return (*found, *inspect(want, facts))


def _softened(finding: Finding) -> Finding:
    refused = finding.weight is Weight.REFUSED
    return replace(finding, weight=Weight.WARNING) if refused else finding


def _measured(built: Built) -> ModelFacts:
    manifest, found = built.bundle.manifest, built.measured
    return ModelFacts(
        bytes=sum(file.bytes for file in manifest.files),
        native=manifest.engine.kind == "native",
        memory_mb=found.memory_mb if found else 0,
        scratch_bytes=found.scratch_bytes if found else 0,
        asked=found.requests if found else 0,
        largest_bytes=found.largest_bytes if found else 0,
        init_ms=built.init_ms,
        example_bytes=len(built.question.payload) if built.question else 0,
    )


def _said(around: Topology) -> str:
    return str(around.strategy) if around.strategy else ""


def _who(place: Place | None) -> str:
    """Who deploys, without the account, which the place says."""
    if place is not None:
        return place.caller.rpartition(":")[2]
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, in a container
        return ""
