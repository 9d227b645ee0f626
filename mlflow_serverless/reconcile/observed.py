"""What the registry says, as values, and which version a trigger means; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mlflow_serverless.reconcile.policy import Rule, Trigger

APPROVED = "mlflow-serverless.approved."
"""Tag of a model version, and the environment that its value approves it for."""

REFUSED = "mlflow_serverless.{deployment}.refused"
"""Tag of a model version that lost its traffic in a deployment: its value says why.
While it is there, the version is not tried there again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One registered version."""

    number: int
    model_id: str = ""
    stage: str = ""
    ready: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One registered model with its versions."""

    name: str
    versions: tuple[ModelVersion, ...] = ()
    """Oldest first."""
    aliases: Mapping[str, int] = field(default_factory=dict)
    """Alias to version number."""

    def version(self, number: int) -> ModelVersion | None:
        """The version *number*, if it is there."""
        return next((v for v in self.versions if v.number == number), None)

    def meant(self, trigger: Trigger) -> ModelVersion | None:
        """The version that *trigger* stands for now, if any."""
        if trigger.alias is not None:
            number = self.aliases.get(trigger.alias)
            return None if number is None else self.version(number)
        newest = reversed(self.versions)
        return next((v for v in newest if _has(v, trigger)), None)

    def uri(self, version: ModelVersion) -> str:
        """The exact URI of *version*."""
        return f"models:/{self.name}/{version.number}"


def matches(rule: Rule, name: str) -> bool:
    """Whether *rule* speaks of the model *name*."""
    return fnmatchcase(name, rule.model) if rule.is_pattern else name == rule.model


def _has(version: ModelVersion, trigger: Trigger) -> bool:
    if trigger.stage is not None:
        return version.stage == trigger.stage
    found = version.tags.get(trigger.tag or "")
    return found is not None and trigger.value in {None, found}
