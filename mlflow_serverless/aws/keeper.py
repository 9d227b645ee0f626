"""What stands around a function: one keeper a kind, all alike."""

import json
from collections.abc import Iterable, Iterator, Mapping
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
