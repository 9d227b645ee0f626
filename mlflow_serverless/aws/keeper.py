"""What stands around a function: one keeper a kind, all alike."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.plan import Pairs, Resource
from mlflow_serverless.plan.names import OWNER

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as it is, and whose."""

    resource: Resource
    owner: str
    """A deployment's name, `shared`, or empty if we did not make it."""
    outputs: Pairs = ()
    """What AWS has chosen itself: `url`, ..."""


class Keeper(Protocol):
    """Looks after the resources of one kind."""

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """What is there under the names of deployment *name*, and of *wanted*."""
        ...

    def put(self, name: str, resource: Any) -> None:
        """Make the resource exactly this, whether or not it is there."""
        ...

    def remove(self, name: str, resource: Any) -> None:
        """Take it away; nothing if it is not there."""
        ...


def names_of(
    kind: type[Kind], own: Iterable[str], wanted: tuple[Resource, ...]
) -> dict[str, Kind | None]:
    """Names to look for: a deployment's *own*, and those of *wanted* of this *kind*."""
    asked = {r.name: r for r in wanted if isinstance(r, kind)}
    return dict.fromkeys(own) | asked


def owner_of(tags: Mapping[str, str]) -> str:
    """Whose a resource is, as its tags say."""
    return tags.get(OWNER, "")


def pairs(tags: Mapping[str, str]) -> Pairs:
    """Tags as a value."""
    return tuple(sorted(tags.items()))


def listed(tags: Pairs, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{key: k, value: v} for k, v in tags]


def unlisted(
    tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """Tags as most services give them; AWS's own left out."""
    return {t[key]: t[value] for t in tags if not t[key].startswith("aws:")}


def canonical(document: Any, like: str = "") -> str:
    """A policy as text: *like* itself if that says the same."""
    if like:
        try:
            if json.loads(like) == document:
                return like
        except ValueError:
            pass
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def missing(error: ClientError, *codes: str) -> bool:
    """Whether *error* says that the thing is not there."""
    return code_of(error) in {*codes, "ResourceNotFoundException", "NoSuchEntity"}


def unless_missing(
    call: Callable[..., Any], /, *codes: str, **said: Any
) -> dict[str, Any] | None:
    """
    What a client's *call* answers; None of what is not there.

    Args:
        call: An operation of a client: one that looks, or one that takes away.
        codes: By which the service says so, beside those of `missing`.
        said: The operation's parameters.

    Raises:
        ClientError: AWS says anything else.
    """
    try:
        found: dict[str, Any] = call(**said)
    except ClientError as error:
        if missing(error, *codes):
            return None
        raise
    return found


def all_of(
    client: Any, operation: str, items: str, /, *codes: str, **said: Any
) -> list[dict[str, Any]]:
    """
    All that a listing shows, page after page; none of what is not there.

    Args:
        client: Whose listing it is.
        operation: The listing: `list_aliases`.
        items: What a page calls the things: `Aliases`.
        codes: As for `unless_missing`.
        said: The operation's parameters.

    Raises:
        ClientError: AWS says anything else.
    """
    pages = client.get_paginator(operation).paginate(**said)
    try:
        return [item for page in pages for item in page[items]]
    except ClientError as error:
        if missing(error, *codes):
            return []
        raise


def retag(client: Any, there: Mapping[str, str], made: Pairs, **which: str) -> None:
    """Make the tags of what *which* names *made*, which were *there*."""
    if old := sorted(set(there) - set(dict(made))):
        client.untag_resource(TagKeys=old, **which)
    if made and pairs(there) != made:
        client.tag_resource(Tags=listed(made), **which)
