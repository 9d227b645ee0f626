"""A deployment for others' tools to make: its template, and what that refers to."""

from dataclasses import replace

from mlflow_serverless.export import Format, NoTemplateError, Syntax, export
from mlflow_serverless.pipeline.request import DeployRequest, Proposal
from mlflow_serverless.pipeline.rooms import Rooms
from mlflow_serverless.pipeline.story import plan_only, warn
from mlflow_serverless.plan import Desired, PutArtifact, drives
from mlflow_serverless.report import step
from mlflow_serverless.secure import refuse
from mlflow_serverless.world import World


def hand_over(
    request: DeployRequest,
    world: World,
    *,
    form: Format,
    syntax: Syntax,
    rooms: Rooms | None = None,
) -> tuple[str, Proposal]:
    """
    What *request* asks for as a template, and all that was decided with it.

    Nothing outside this machine is touched; what `deploy` would refuse is refused.

    Raises:
        NoTemplateError: The target is not AWS.
        ServerlessError: As `plan_only` would, or the audit refuses.
    """
    if world.cloud.place() is None:
        raise NoTemplateError(world.target)
    proposal = plan_only(request, world, rooms)
    if proposal.place is None:  # a target does not move between two looks
        raise NoTemplateError(world.target)
    refuse(request.name, proposal.findings)
    warn(proposal.findings, world)
    want = _without_driver(proposal.want, world)
    return export(want, proposal.place, form, syntax), proposal


def _without_driver(want: Desired, world: World) -> Desired:
    """A template moves all traffic at once: there is no rollout to drive."""
    name = want.function.name
    left = tuple(r for r in want.resources if not drives(r, name))
    if left != want.resources:
        what = "the template has no controller: it moves all traffic at once"
        world.tell("export.warning", what=what)
    return replace(want, resources=left)


def fill(proposal: Proposal, world: World) -> tuple[str, ...]:
    """
    Bring the image, and the model where it is kept apart, to where a template looks.

    Returns:
        Their addresses.

    Raises:
        ServerlessError: Where they are to be kept is not there yet, or may not be
            written.
    """
    function = proposal.want.function
    found = tuple(filter(None, (function.artifact, function.settings.model_url)))
    for address in found:
        with step(world.tell, "fill", address) as told:
            world.cloud.perform(PutArtifact(proposal.name, address))
            told.say(address)
    return found
