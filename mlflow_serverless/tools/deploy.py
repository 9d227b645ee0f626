"""A tool to a function: planned, applied, tidied up, as deployments are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mlflow_serverless.apply import Receipt, apply
from mlflow_serverless.build import Image
from mlflow_serverless.build.tools import tool_image
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Finding,
    Foreign,
    Packing,
    Place,
    Plan,
    garbage,
    names,
    plan,
    plan_removal,
)
from mlflow_serverless.report import step
from mlflow_serverless.secure import audit, refuse
from mlflow_serverless.tools.desired import Wanted, desired, packing
from mlflow_serverless.tools.errors import NotAToolError, ToolTargetError
from mlflow_serverless.tools.tool import Tool
from mlflow_serverless.world import World


@runtime_checkable
class ToolCloud(Protocol):
    """What tools need of a cloud beside what deployments do."""

    def hold(self, image: Image, packing: Packing) -> str:
        """The address of *image* once `PutArtifact` has brought it there."""
        ...

    def secret(self, name: str) -> str | None:
        """What the secret *name* holds; None if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What would be done for a tool, and what is to be known before."""

    want: Desired
    plan: Plan
    findings: tuple[Finding, ...]


def propose(
    wanted: Wanted,
    world: World,
    *,
    allow: Collection[str] = (),
    foreign: Foreign = Foreign.REFUSE,
) -> Proposed:
    """
    What would make the tool as it is wanted; its image is made on this machine.

    Args:
        wanted: The tool.
        world: Where.
        allow: Codes of findings that are let through.
        foreign: What becomes of things that somebody else made.

    Raises:
        ToolTargetError: The target has no such functions.
        NotAToolError: A deployment has the name.
        RefusedError: The audit says no.
        ServerlessError: As `plan` and `build` raise.
    """
    place, cloud = where(wanted.tool, world)
    early = desired(wanted, place, "")
    findings = audit(early, allow)
    refuse(wanted.name, findings)
    have = _standing(wanted, early, world)
    image = tool_image(wanted.tool, wanted.options, world.store, world.tell)
    want = desired(wanted, place, cloud.hold(image, packing(wanted, place)))
    return Proposed(
        want=want, plan=plan(want, have, foreign=foreign), findings=findings
    )


def carry_out(proposed: Proposed, world: World) -> Receipt:
    """
    Do it, and let go of what the version before was made of.

    Raises:
        ApplyError: A step failed; run again to go on.
    """
    with step(world.tell, "apply", proposed.plan.name) as said:
        receipt = apply(proposed.plan, world.cloud, world.tell)
        count = len(receipt.done)
        said.say(f"{count} steps" if count else "nothing to do", fresh=bool(count))
    have = _look(proposed.want, world)
    apply(garbage(have, keep=1).plan, world.cloud, world.tell)
    return receipt


def standing(wanted: Wanted, world: World) -> Actual | None:
    """
    What is there of the tool; None if nothing is.

    Raises:
        ToolTargetError: The target has no such functions.
        NotAToolError: A deployment has the name.
    """
    place, _ = where(wanted.tool, world)
    have = _standing(wanted, desired(wanted, place, ""), world)
    return have if have.function or have.resources or have.artifacts else None


def remove(wanted: Wanted, world: World) -> bool:
    """
    Take the tool away with all that is its own; False if nothing was there.

    Raises:
        ServerlessError: As `standing` and `apply` raise.
    """
    have = standing(wanted, world)
    if have is None:
        return False
    apply(plan_removal(have), world.cloud, world.tell)
    return True


def where(tool: Tool, world: World) -> tuple[Place, ToolCloud]:
    """
    Where tools run, and what runs them.

    Raises:
        ToolTargetError: The target has no such functions.
    """
    place, cloud = world.cloud.place(), world.cloud
    if place is None or not isinstance(cloud, ToolCloud):
        raise ToolTargetError(tool.name, world.target)
    return place, cloud


def _standing(wanted: Wanted, want: Desired, world: World) -> Actual:
    have, tool = _look(want, world), wanted.tool.name
    if have.owned and have.function and dict(have.tags).get(names.TOOL) != tool:
        raise NotAToolError(wanted.name, tool)
    return have


def _look(want: Desired, world: World) -> Actual:
    return world.cloud.snapshot(want.function.name, wanted=want.resources)
