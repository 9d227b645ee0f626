"""A cloud whose traffic moves only from where it was when we looked."""

from dataclasses import dataclass, replace
from typing import Any, cast

from mlflow_serverless.plan import PointAlias, RouteAlias, Step
from mlflow_serverless.world import Cloud


def guarded(cloud: Cloud, name: str, revision: str) -> Cloud:
    """*cloud*, in which the alias of *name* moves only from *revision*."""
    return cast("Cloud", _Guard(cloud, name, revision))


@dataclass(slots=True)
class _Guard:
    """
    Wraps a cloud for one pass over one deployment.

    The registry was read after the deployment was looked at. So if nobody has moved its
    alias since that look, what the registry said is still news; if somebody has, the
    first move is refused, and the pass looks again.
    """

    cloud: Cloud
    name: str
    revision: str
    """Of the alias, when it was looked at; empty if it was not there."""
    moved: bool = False

    def perform(self, step: Step) -> None:
        """Take *step*; the first move of traffic only from where we saw it."""
        if isinstance(step, PointAlias | RouteAlias) and step.name == self.name:
            if not self.moved:
                step = replace(step, revision=self.revision)
            self.cloud.perform(step)
            self.moved = True
        else:
            self.cloud.perform(step)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)
