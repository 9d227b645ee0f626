"""Controllers of rollouts: functions of ours that are no deployments."""

from collections.abc import Iterator

from mlflow_serverless.aws.functions import Functions, function_of
from mlflow_serverless.aws.keeper import Found, names_of, owner_of, pairs
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import (
    ChangeSettings,
    Controller,
    CreateFunction,
    Function,
    ReplaceArtifact,
    Resource,
    Settings,
    names,
)


class Controllers:
    """
    Functions that controllers are.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._functions = Functions(access)

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        for called in names_of(Controller, (names.controller(name),), wanted):
            found = self._functions.look(called)
            if found is not None:
                tags = found.get("Tags", {})
                made = _controller(function_of(found), pairs(tags))
                yield Found(made, owner_of(tags))

    def put(self, name: str, resource: Controller) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`."""
        functions, function = self._functions, _function(resource)
        if functions.look(resource.name) is None:
            functions.create(CreateFunction(function, resource.tags))
            return
        functions.replace(
            ReplaceArtifact(resource.name, function.artifact, resource.architecture)
        )
        functions.change(ChangeSettings(resource.name, function.settings))
        functions.tag(resource.name, resource.tags)

    def remove(self, name: str, resource: Controller) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`."""
        self._functions.delete(resource.name)


def _function(made: Controller) -> Function:
    settings = Settings(
        memory_mb=made.memory_mb, timeout_s=made.timeout_s, role=made.role,
        architecture=made.architecture, log_group=made.log_group, log_format="Text",
    )  # fmt: skip
    return Function(name=made.name, artifact=made.artifact, settings=settings)


def _controller(function: Function, tags: tuple[tuple[str, str], ...]) -> Controller:
    settings = function.settings
    return Controller(
        name=function.name, artifact=function.artifact, role=settings.role,
        log_group=settings.log_group, architecture=settings.architecture,
        memory_mb=settings.memory_mb, timeout_s=settings.timeout_s, tags=tags,
    )  # fmt: skip
