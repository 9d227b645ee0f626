"""The mutable function, and looking at all of it."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws import configuration
from mlflow_serverless.aws.errors import (
    ImageRefusedError,
    NotAssumableError,
    code_of,
    explained_by,
    said_by,
)
from mlflow_serverless.aws.keeper import all_of, unless_missing
from mlflow_serverless.aws.retry import await_gone, settled, wait_for
from mlflow_serverless.aws.session import Access
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    ChangeSettings,
    CreateFunction,
    Function,
    Pairs,
    ReplaceArtifact,
    Settings,
)
from mlflow_serverless.plan.errors import FunctionExistsError, NoSuchFunctionError
from mlflow_serverless.plan.names import OWNER

MISSING = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
MOVED = "PreconditionFailedException"


class Functions:
    """
    Lambda functions of one account and region.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def names(self) -> Iterator[str]:
        """Our deployments; one call for every fifty functions of the account."""
        for config in all_of(self._client, "list_functions", "Functions"):
            if configuration.is_deployment(config):
                yield config["FunctionName"]

    def look(self, name: str) -> dict[str, Any] | None:
        """GetFunction's answer; None if nothing is there, or what is cannot live."""
        return unless_missing(self._client.get_function, FunctionName=name)

    @staticmethod
    def owns(found: dict[str, Any]) -> bool:
        """Whether we made, or took over, the function of GetFunction's answer."""
        owner = found.get("Tags", {}).get(OWNER)
        name = found["Configuration"]["FunctionName"]
        return configuration.is_ours(found["Configuration"]) or owner == name

    def there(self, name: str) -> dict[str, Any]:
        """
        GetFunction's answer.

        Raises:
            NoSuchFunctionError: Nothing is there.
        """
        found = self.look(name)
        if found is None:
            raise NoSuchFunctionError(name)
        return found

    def create(self, step: CreateFunction) -> None:
        """
        Make the function and wait until it can run; nothing if it is there like this.

        Raises:
            FunctionExistsError: Another one has the name.
            FunctionFailedError: It cannot run; it is taken away again.
        """
        name = step.function.name
        found = self.look(name)
        if found is not None and _stillborn(found["Configuration"]):
            self.delete(name)
            found = None
        if found is None:
            self._make(step)
        elif not _is(found, step):
            raise FunctionExistsError(name)
        self._await_active(name)
        self._reserve(name, step.function.settings.concurrency)

    def _make(self, step: CreateFunction) -> None:
        function = step.function
        try:
            settled(
                self._client.create_function, self._access.pace,
                FunctionName=function.name, PackageType="Image",
                Code={"ImageUri": function.artifact}, Tags=dict(step.tags),
                Description=configuration.mark_of(step.tags),
                **configuration.creation(function.name, function.settings),
            )  # fmt: skip
        except ClientError as error:
            # Ours, if the answer to an earlier try was lost on its way.
            lost = code_of(error) == CONFLICT and "already exist" in said_by(error)
            if lost and _is(self.there(function.name), step):
                return
            if lost:
                raise FunctionExistsError(function.name) from error
            raise refusal(error, function) from error

    def _await_active(self, name: str) -> None:
        client, pace = self._client, self._access.pace
        try:
            wait_for(client, "function_active_v2", pace, FunctionName=name)
        except Exception:
            found = self.look(name)
            if found is not None and _stillborn(found["Configuration"]):
                self.delete(name)
            raise

    def replace(self, step: ReplaceArtifact) -> None:
        """Put another image behind the function; it is pulled before this returns."""
        config = self.there(step.name)
        wanted = step.architecture or config["Configuration"]["Architectures"][0]
        has = (image_of(config), config["Configuration"]["Architectures"][0])
        if has != (step.artifact, wanted) or _failed(config["Configuration"]):
            function = Function(
                name=step.name, artifact=step.artifact,
                settings=configuration.settings_of(config["Configuration"]),
            )  # fmt: skip
            self._update(
                self._client.update_function_code, function,
                ImageUri=step.artifact, Architectures=[wanted],
            )  # fmt: skip
        self._updated(step.name)

    def change(self, step: ChangeSettings) -> None:
        """Make the settings exactly these."""
        found = self.there(step.name)
        there = configuration.settings_of(found["Configuration"])
        if not configuration.same(there, step.settings):
            function = Function(
                name=step.name, artifact=image_of(found), settings=step.settings
            )
            self._update(
                self._client.update_function_configuration, function,
                **configuration.parameters(step.name, step.settings),
            )  # fmt: skip
        self._updated(step.name)
        self._reserve(step.name, step.settings.concurrency)

    def _update(self, call: Any, function: Function, **parameters: Any) -> None:
        pace = self._access.pace
        try:
            settled(call, pace, FunctionName=function.name, **parameters)
        except ClientError as error:
            raise refusal(error, function) from error

    def _updated(self, name: str) -> None:
        client, pace = self._client, self._access.pace
        wait_for(client, "function_updated_v2", pace, FunctionName=name)

    def tag(self, name: str, tags: Pairs) -> None:
        """Make the tags exactly these, and the function ours if it was not."""
        found = self.there(name)
        arn, there = found["Configuration"]["FunctionArn"], found.get("Tags", {})
        if new := dict(set(tags) - set(there.items())):
            self._client.tag_resource(Resource=arn, Tags=new)
        if old := sorted(set(there) - set(dict(tags))):
            self._client.untag_resource(Resource=arn, TagKeys=old)
        if not configuration.is_ours(found["Configuration"]):
            settled(
                self._client.update_function_configuration, self._access.pace,
                FunctionName=name, Description=configuration.mark_of(tags),
            )  # fmt: skip
            self._updated(name)

    def delete(self, name: str) -> None:
        """Take it away with its versions and aliases; nothing if it is not there."""
        pace = self._access.pace
        unless_missing(
            settled, call=self._client.delete_function, pace=pace, FunctionName=name
        )
        await_gone(lambda: self.look(name), f"the deletion of {name}", pace)

    def _reserve(self, name: str, concurrency: int | None) -> None:
        client, pace = self._client, self._access.pace
        found = client.get_function_concurrency(FunctionName=name)
        if found.get("ReservedConcurrentExecutions") == concurrency:
            return
        if concurrency is None:
            settled(client.delete_function_concurrency, pace, FunctionName=name)
            return
        settled(
            client.put_function_concurrency, pace,
            FunctionName=name, ReservedConcurrentExecutions=concurrency,
        )  # fmt: skip


def function_of(found: dict[str, Any]) -> Function:
    """GetFunction's answer as a value; what Lambda could not update has no artifact."""
    config = found["Configuration"]
    reserved = found.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    return Function(
        name=config["FunctionName"],
        artifact="" if _failed(config) else image_of(found),
        settings=configuration.settings_of(config, reserved),
    )


def image_of(found: dict[str, Any]) -> str:
    """The image that runs, by digest."""
    code = found.get("Code", {})
    return str(code.get("ResolvedImageUri") or code.get("ImageUri") or "")


def stillborn(found: dict[str, Any]) -> bool:
    """Whether the function was made and could never run."""
    return _stillborn(found["Configuration"])


def _stillborn(config: dict[str, Any]) -> bool:
    return bool(config.get("State") == "Failed" and configuration.is_ours(config))


def _failed(config: dict[str, Any]) -> bool:
    return config.get("LastUpdateStatus") == "Failed"


def _is(found: dict[str, Any], step: CreateFunction) -> bool:
    there, wanted = function_of(found), step.function
    return (
        there.artifact == wanted.artifact
        and _architecture(there.settings) == _architecture(wanted.settings)
        and configuration.same(there.settings, wanted.settings)
        and found.get("Tags", {}) == dict(step.tags)
    )


def _architecture(settings: Settings) -> str:
    return settings.architecture or configuration.X86


def refusal(error: ClientError, function: Function) -> ServerlessError:
    """*error* in our words, with what we know of the function."""
    said = said_by(error)
    if code_of(error) == MISSING and "Function not found" in said:
        return NoSuchFunctionError(function.name)
    if "cannot be assumed by Lambda" in said:
        return NotAssumableError(function.settings.role)
    if "ECR image" in said or "Source image" in said:
        return ImageRefusedError(function.artifact, said)
    return explained_by(error)
