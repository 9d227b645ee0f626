"""Which version answers a request; pure."""

from dataclasses import dataclass

from mlflow_serverless.plan import Actual, Alias, Settings, content_of
from mlflow_serverless.plan.errors import NoSuchFunctionError, NoSuchVersionError

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an environment is made for."""

    name: str
    version: str
    content: str
    artifact: str
    settings: Settings
    concurrency: int | None
    """Most environments of the function at once, over all versions."""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for requests that may share an environment."""
        return self.name, self.version, self.content


def choose(have: Actual, qualifier: str, draw: float) -> Target:
    """
    The version that answers, by an alias's weights where it has any.

    Args:
        have: The deployment.
        qualifier: An alias, a version's number, or `$LATEST`.
        draw: Uniform in [0, 1); decides between an alias's versions.

    Raises:
        NoSuchFunctionError: Nothing is there.
        NoSuchVersionError: It has no such qualifier.
    """
    function = have.function
    if function is None:
        raise NoSuchFunctionError(have.name)
    if qualifier == LATEST:
        made = (LATEST, content_of(function), function.artifact, function.settings)
    else:
        version = have.version(_number(have.alias(qualifier), qualifier, draw))
        if version is None:
            raise NoSuchVersionError(have.name, qualifier, _known(have))
        made = (version.number, version.content, version.artifact, version.settings)
    return Target(
        name=have.name, version=made[0], content=made[1], artifact=made[2],
        settings=made[3], concurrency=function.settings.concurrency,
    )  # fmt: skip


def _number(alias: Alias | None, qualifier: str, draw: float) -> str:
    if alias is None:
        return qualifier
    for number, share in alias.weights:
        if draw < share:
            return number
        draw -= share
    return alias.version


def _known(have: Actual) -> tuple[str, ...]:
    aliases = (alias.name for alias in have.aliases)
    return (*aliases, *(version.number for version in have.versions))


def contents(have: Actual) -> frozenset[tuple[str, str, str]]:
    """Keys of every target that may still be asked for."""
    if have.function is None:
        return frozenset()
    latest = (have.name, LATEST, content_of(have.function))
    published = ((have.name, v.number, v.content) for v in have.versions)
    return frozenset((latest, *published))
