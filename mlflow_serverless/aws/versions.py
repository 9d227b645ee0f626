"""Published versions: made once, read often."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws import configuration
from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.functions import MOVED, Functions, function_of, image_of
from mlflow_serverless.aws.keeper import all_of, unless_missing
from mlflow_serverless.aws.retry import settled, wait_for
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import (
    Function,
    PublishVersion,
    RemoveVersion,
    Version,
    content_of,
)
from mlflow_serverless.plan.errors import FunctionMovedError

_AT_ONCE = 8
_TRIES = 3


class Versions:
    """
    Versions of functions.

    They never change, so each is read in full only once.

    Args:
        access: Whose, and where.
        functions: The functions that they are published from.
    """

    def __init__(self, access: Access, functions: Functions) -> None:
        self._access, self._functions = access, functions
        self._known: dict[tuple[str, str], Version] = {}
        self._lock = threading.Lock()

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def of(self, name: str) -> tuple[Version, ...]:
        """All of *name*, oldest first; none if there is no such function."""
        every = all_of(
            self._client, "list_versions_by_function", "Versions", FunctionName=name
        )
        listed = [config for config in every if config["Version"] != "$LATEST"]
        listed.sort(key=lambda config: int(config["Version"]))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(self._whole, listed)
            return tuple(version for version in found if version is not None)

    def _whole(self, config: dict[str, Any]) -> Version | None:
        """With its image, which no listing tells; None if it has gone meanwhile."""
        key = config["FunctionArn"], config["LastModified"]
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = unless_missing(
            self._client.get_function,
            FunctionName=config["FunctionName"], Qualifier=config["Version"],
        )  # fmt: skip
        if found is None:
            return None
        version = version_of(config, image_of(found))
        with self._lock:
            self._known[key] = version
        return version

    def publish(self, step: PublishVersion) -> None:
        """
        Freeze the function; nothing if a version with that content is there.

        Raises:
            FunctionMovedError: The function is not what the plan made it.
        """
        for attempt in range(_TRIES):
            self._functions.there(step.name)
            if any(v.content == step.content for v in self.of(step.name)):
                return
            try:
                number = self._publish(step)
            except ClientError as error:
                # Lambda changes a revision by itself when a function becomes active.
                if code_of(error) != MOVED or attempt == _TRIES - 1:
                    raise
            else:
                self.await_active(step.name, number)
                return

    def _publish(self, step: PublishVersion) -> str:
        client, pace = self._client, self._access.pace
        wait_for(client, "function_updated_v2", pace, FunctionName=step.name)
        found = self._functions.there(step.name)
        if content_of(function_of(found)) != step.content:
            raise FunctionMovedError(step.name)
        config = found["Configuration"]
        made = settled(
            client.publish_version, pace, FunctionName=step.name,
            Description=step.note, CodeSha256=config["CodeSha256"],
            RevisionId=config["RevisionId"],
        )  # fmt: skip
        return str(made["Version"])

    def await_active(self, name: str, number: str) -> None:
        """Wait until the version can be called; a snapshot takes minutes."""
        wait_for(
            self._client, "published_version_active", self._access.pace,
            FunctionName=name, Qualifier=number,
        )  # fmt: skip

    def remove(self, step: RemoveVersion) -> None:
        """Take a version away; nothing if it is not there."""
        unless_missing(
            self._client.delete_function,
            FunctionName=step.name, Qualifier=step.version,
        )  # fmt: skip

    def holding(
        self, name: str, content: str
    ) -> tuple[Version | None, tuple[str, ...]]:
        """The newest version with *content*, and the numbers of all."""
        every = self.of(name)
        newest = next((v for v in reversed(every) if v.content == content), None)
        return newest, tuple(version.number for version in every)


def version_of(config: dict[str, Any], image: str) -> Version:
    """A version as a value."""
    settings = configuration.settings_of(config)
    function = Function(name=config["FunctionName"], artifact=image, settings=settings)
    return Version(
        number=config["Version"],
        content=content_of(function),
        artifact=image,
        settings=settings,
        note=config.get("Description", ""),
        created=iso(config["LastModified"]),
    )


def iso(lambdas: str) -> str:
    """Lambda's `2026-11-21T18:15:16.125+0000` in ISO 8601."""
    text = lambdas.replace("+0000", "+00:00")
    return f"{text[:-6]}000+00:00" if text.endswith("+00:00") else text


def numbers(versions: tuple[Version, ...]) -> Iterator[str]:
    """Of each, its number."""
    return (version.number for version in versions)
