"""Which events a policy cares about; Python's own library only."""

import json
from fnmatch import fnmatchcase
from typing import NamedTuple

from mlflow_serverless.relay.event import Event

OURS = ("mlflow-serverless.approved.",)
"""Tags that every rule cares about: an approval may be what a deployment waits for."""


class Filter(NamedTuple):
    """One rule's part of it."""

    model: str
    """Name or pattern."""
    on: str
    """`alias`, `tag` or `stage`."""
    name: str
    """Of the alias, tag or stage."""

    def cares(self, event: Event) -> bool:
        """Whether *event* may change what the rule means."""
        if not fnmatchcase(event.model, self.model):
            return False
        kind = event.kind.lower()
        if event.tag.startswith(OURS):
            return True
        if kind.startswith("model_version_alias"):
            return self.on == "alias" and event.alias == self.name
        if kind.startswith("model_version_tag"):
            # One that names no tag may be about any, and about an approval.
            return not event.tag or (self.on == "tag" and event.tag == self.name)
        if "transitioned" in kind:
            return self.on == "stage"
        # A version may be born with its tags, without another event.
        created = {"model_version.created", "model_version_created"}
        return kind in created and self.on == "tag"


def cares(filters: tuple[Filter, ...], event: Event) -> bool:
    """Whether any of *filters* does."""
    return any(each.cares(event) for each in filters)


def dump(filters: tuple[Filter, ...]) -> str:
    """As text, for a variable."""
    return json.dumps(filters, separators=(",", ":"))


def read(text: str) -> tuple[Filter, ...]:
    """What `dump` wrote."""
    return tuple(Filter(*each) for each in json.loads(text))
