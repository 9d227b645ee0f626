"""What drives a deployment's rollouts in the account, with final names."""

import json

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.plan import (
    Controller,
    LogGroup,
    Pairs,
    Place,
    Resource,
    Role,
    Schedule,
    ScheduleGroup,
    names,
)
from mlflow_serverless.secure import trust_policy
from mlflow_serverless.secure.control import (
    ControlReach,
    control_policy,
    schedule_policy,
    schedule_trust,
)
from mlflow_serverless.topology.cold import ColdStart, choose

DRIVER = "cloud"
"""`strategy.driver` where nobody but the cloud itself is to advance a rollout."""

_HOOK = "lambda:"
_SERVING = "live"
"""Qualifier that a hook's function is called by unless its name says another."""


def control(
    name: str,
    config: DeploymentConfig,
    place: Place,
    *,
    artifact: str = "",
) -> tuple[Resource, ...]:
    """
    A controller with its roles, its log and a place for its schedules.

    Args:
        name: The deployment's.
        config: How it is to run.
        place: Where.
        artifact: Address of the controller's image; empty before it is built.
    """
    tags, controller = _tags(name, config), names.controller(name)
    log, runs_as = names.log_group(controller), names.control_role(name, place.region)
    return (
        LogGroup(
            name=log, retention_days=config.log_retention_days,
            kms_key=config.kms_key or "", tags=tags,
        ),
        *_roles(name, config, place),
        ScheduleGroup(name=names.schedule_group(name), tags=tags),
        Controller(
            name=controller, artifact=artifact, log_group=log,
            tags=tuple(sorted({*tags, (names.TOOL, "control")})),
            role=place.global_arn("iam", f"role/{runs_as}"),
            architecture=config.image.architecture,
        ),
    )  # fmt: skip


def _roles(name: str, config: DeploymentConfig, place: Place) -> tuple[Role, Role]:
    """What the controller runs as, and what wakes it."""
    tags, boundary = _tags(name, config), config.permissions_boundary or ""
    return (
        Role(
            name=names.control_role(name, place.region), trust=trust_policy(),
            policy=control_policy(place, _reach(name, config)), boundary=boundary,
            description=f"What the controller of {name}'s rollouts may do", tags=tags,
        ),
        Role(
            name=names.schedule_role(name, place.region),
            trust=schedule_trust(place, names.schedule_group(name)),
            policy=schedule_policy(place, names.controller(name)), boundary=boundary,
            description=f"What wakes the controller of {name}'s rollouts", tags=tags,
        ),
    )  # fmt: skip


def schedule(
    name: str, config: DeploymentConfig, place: Place, *, since: str, end: float
) -> Schedule:
    """
    What calls the controller for one rollout.

    Args:
        name: The deployment's.
        config: How it is to run.
        place: Where.
        since: The alias's revision before the rollout began: each rollout has
            another one, so each has a schedule of its own.
        end: When it goes by itself [s since the epoch].
    """
    called = f"{config.alias[:48]}-{names.short(since)}"
    group = names.schedule_group(name)
    said = {
        "deployment": name, "alias": config.alias, "group": group,
        "schedule": called, "since": since,
    }  # fmt: skip
    return Schedule(
        name=called,
        group=group,
        target=place.arn("lambda", f"function:{names.controller(name)}"),
        role=place.global_arn("iam", f"role/{names.schedule_role(name, place.region)}"),
        input=json.dumps(said, sort_keys=True, separators=(",", ":")),
        end=end,
    )


def beyond_reach(config: DeploymentConfig) -> tuple[str, ...]:
    """Options with hooks that only whoever types can call: a program, a callable."""
    hooks = {
        "strategy.before": config.strategy.before,
        "strategy.after": config.strategy.after,
    }
    return tuple(
        f"{key}={hook} with strategy.driver={DRIVER}"
        for key, hook in hooks.items()
        if hook.startswith(("command:", "python:"))
    )


def _reach(name: str, config: DeploymentConfig) -> ControlReach:
    hooks = (config.strategy.before, config.strategy.after)
    named = {h.removeprefix(_HOOK) for h in hooks if h.startswith(_HOOK)}
    asked = ((h.partition("@")[0], h.partition("@")[2] or _SERVING) for h in named)
    return ControlReach(
        name=name, alias=config.alias, log_group=names.log_group(name),
        alarms=config.alarms.given,
        kept=choose(config).kind is ColdStart.PROVISIONED,
        asks=tuple(sorted(asked)),
    )  # fmt: skip


def _tags(name: str, config: DeploymentConfig) -> Pairs:
    return tuple(sorted({**config.tags, names.OWNER: name}.items()))
