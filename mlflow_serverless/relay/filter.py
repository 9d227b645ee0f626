"""Which events a policy cares about; Python's own library only."""

import json
from fnmatch import fnmatchcase
from typing import NamedTuple

from mlflow_serverless.relay.event import Event

OURS = ("mlflow-serverless.approved.",)
"""Tags that every rule cares about: an approval may be what a deployment waits for."""


ANY = "*"


class Filter(NamedTuple):
    """One rule's part of it."""

    model: str
    """Name or pattern."""
    on: str
    """`alias`, `tag` or `stage`."""
    name: str
    """Of the alias, tag or stage; `*` is any."""

    def cares(self, event: Event) -> bool:
        """Whether *event* may change what the rule means."""
        if not fnmatchcase(event.model, self.model):
            return False
        kind = event.kind.lower()
        if event.tag.startswith(OURS):
            return True
        if kind.startswith("model_version_alias"):
            return self.on == "alias" and self.name in {ANY, event.alias}
        if kind.startswith("model_version_tag"):
            # One that names no tag may be about any, and about an approval.
            named = self.on == "tag" and self.name in {ANY, event.tag}
            return named or not event.tag
        if "transitioned" in kind:
            return self.on == "stage"
        # A version may be born with its tags, without another event.
        created = {"model_version.created", "model_version_created"}
        return kind in created and self.on == "tag"


def cares(filters: tuple[Filter, ...], event: Event) -> bool:
    """Whether any of *filters* does."""
    return any(each.cares(event) for each in filters)


def within(filters: tuple[Filter, ...], most: int) -> tuple[Filter, ...]:
    """
    *filters*, or fewer that let more through, with at most *most* characters as text.

    An event too many wakes a reconcile that finds nothing to do; one too few is lost.
    """
    if len(dump(filters)) <= most:
        return filters
    of_any = tuple(dict.fromkeys(each._replace(model=ANY) for each in filters))
    if len(dump(of_any)) <= most:
        return of_any
    return tuple(dict.fromkeys(each._replace(name=ANY) for each in of_any))


def dump(filters: tuple[Filter, ...]) -> str:
    """As text, for a variable."""
    return json.dumps(filters, separators=(",", ":"))


def read(text: str) -> tuple[Filter, ...]:
    """What `dump` wrote."""
    return tuple(Filter(*each) for each in json.loads(text))
