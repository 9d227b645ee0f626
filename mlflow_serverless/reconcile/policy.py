"""The policy file as values; their docstrings are their documentation.

A policy says which registered models are served where: what in the registry stands for
"this version" (an alias, a tag, a stage), and the environments it passes through.
"""

import re
import string
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from annotated_types import MinLen
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mlflow_serverless import limits
from mlflow_serverless.config.section import Section
from mlflow_serverless.wording import listed, meant

FILE = "mlflow-serverless.yaml"
"""Where commands look for a policy unless they are told."""

_PLACEHOLDERS = {"model", "environment"}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9-_]+")


def _template(text: str) -> str:
    try:
        used = {field for _, field, _, _ in string.Formatter().parse(text) if field}
    except ValueError as cause:
        message = f"{text!r} is not a template: {cause}"
        raise ValueError(message) from cause
    if unknown := used - _PLACEHOLDERS:
        message = (
            f"{text!r} uses {listed(sorted(unknown))}; there are model, environment"
        )
        raise ValueError(message)
    if not limits.FUNCTION_NAME.fullmatch(text.format(model="m", environment="e")):
        message = f"{text!r} makes no name of letters, digits, - and _, at most 64"
        raise ValueError(message)
    return text


Template = Annotated[str, AfterValidator(_template)]
Strategy = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,63}$")]


T = TypeVar("T")
Given = Annotated[T, BeforeValidator(lambda value: {} if value is None else value)]
"""A section, of which nothing need be said: `production:` is one."""


class Trigger(Section):
    """What in the registry says which version is meant: one of alias, tag, stage."""

    alias: Annotated[str, MinLen(1)] | None = None
    """The version that carries this alias: `champion`."""

    tag: Annotated[str, MinLen(1)] | None = None
    """The newest version that has this tag: `validation`."""

    value: str | None = None
    """With `tag`: only versions whose tag has this value."""

    stage: Literal["Staging", "Production", "Archived"] | None = None
    """The newest version in this stage. Deprecated in MLflow; see docs/stages.md."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [key for key in ("alias", "tag", "stage") if getattr(self, key)]
        if len(given) != 1:
            said = " and ".join(given) or "none of them"
            message = f"name one of alias, tag and stage, not {said}"
            raise ValueError(message)
        if self.value is not None and self.tag is None:
            message = "value goes with tag"
            raise ValueError(message)
        return self

    def __str__(self) -> str:
        if self.alias:
            return f"@{self.alias}"
        if self.stage:
            return f"stage {self.stage}"
        return f"tag {self.tag}" + (f"={self.value}" if self.value is not None else "")


class Environment(Section):
    """A place that versions reach, maybe by way of another."""

    target: str | None = None
    """`lambda:/eu-central-1`, …; the command's own target where nothing is said."""

    name: Template = "{model}"
    """What deployments are called here, of `{model}` and `{environment}`."""

    after: str | None = None
    """Only what that environment serves already comes here."""

    approval: Literal["none", "tag", "run"] = "none"
    """Who must agree: nobody; a tag on the version
    (`mlflow-serverless.approved.ENVIRONMENT`, its value says who); or the run itself
    (`--approved-by ENVIRONMENT=WHO`, as a GitHub environment with reviewers gives)."""

    config: dict[str, Any] = Field(default_factory=dict)
    """Configuration of every deployment here; see docs/reference/config.md."""

    strategy: Strategy | None = None
    """How new versions get their traffic here."""


class Place(Section):
    """What one rule says differently for one environment."""

    name: Template | None = None
    """What the deployment is called."""

    config: dict[str, Any] = Field(default_factory=dict)
    """Configuration, over the rule's."""

    strategy: Strategy | None = None
    """How new versions get their traffic."""


class Rule(Section):
    """Which models go where, and when."""

    model: Annotated[str, MinLen(1)]
    """A registered model's name, or a pattern: `fraud`, `risk-*`."""

    on: Trigger
    """What in the registry says which version is meant."""

    environments: dict[str, Given[Place]] | None = None
    """Those it passes through, with what is different there; all, if not given."""

    config: dict[str, Any] = Field(default_factory=dict)
    """Configuration, over the environment's."""

    strategy: Strategy | None = None
    """How new versions get their traffic, over the environment's."""

    retire: Literal["keep", "delete"] = "keep"
    """What becomes of a deployment when nothing in the registry means it any more."""

    @property
    def is_pattern(self) -> bool:
        """Whether it may match several models."""
        return any(mark in self.model for mark in "*?[")


class Policy(Section):
    """Which registered models are served where."""

    version: Literal[1]
    """Of this format."""

    environments: Annotated[dict[str, Given[Environment]], MinLen(1)]
    """By name."""

    models: Annotated[list[Rule], MinLen(1)]
    """Of two rules that mean the same deployment, the first one counts."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        wrong = inconsistencies(self.environments, dict(enumerate(self.models)))
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def inconsistencies(
    environments: Mapping[str, Environment], rules: Mapping[int, Rule]
) -> list[str]:
    """
    What does not hang together in parts that are each sound: `where: what` each.

    Args:
        environments: By name.
        rules: By number.
    """
    return [
        *_bad_names(environments),
        *_bad_order(environments),
        *_bad_places(environments, rules),
        *_shared_names(environments),
    ]


def rendered(template: str, *, model: str, environment: str) -> str:
    """The deployment's name; what no function may be called becomes a hyphen."""
    return _NOT_IN_NAMES.sub("-", template.format(model=model, environment=environment))


def _bad_names(environments: Mapping[str, Environment]) -> list[str]:
    return [
        f"environments.{name}: letters, digits, - and _ only"
        for name in environments
        if not limits.FUNCTION_NAME.fullmatch(name)
    ]


def _bad_order(environments: Mapping[str, Environment]) -> list[str]:
    wrong = []
    for name, environment in environments.items():
        before, seen = environment.after, [name]
        while before is not None and before in environments and before not in seen:
            seen.append(before)
            before = environments[before].after
        if before is None:
            continue
        if before not in environments:
            if len(seen) == 1:
                wrong.append(
                    f"environments.{name}.after: {_unknown(before, environments)}"
                )
        elif before == name:
            wrong.append(f"environments.{name}.after: goes round: {' ← '.join(seen)}")
    return wrong


def _bad_places(
    environments: Mapping[str, Environment], rules: Mapping[int, Rule]
) -> list[str]:
    return [
        f"models.{number}.environments.{name}: {_unknown(name, environments)}"
        for number, rule in rules.items()
        for name in rule.environments or ()
        if name not in environments
    ]


def _shared_names(environments: Mapping[str, Environment]) -> list[str]:
    """One deployment cannot be two environments."""
    first: dict[tuple[str | None, str], str] = {}
    wrong = []
    for name, environment in environments.items():
        template = environment.name.replace("{environment}", name)
        other = first.setdefault((environment.target, template), name)
        if other != name:
            wrong.append(
                f"environments.{name}.name: {environment.name!r} is what {other} calls "
                "its deployments on the same target; say '{model}-{environment}'"
            )
    return wrong


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    near = meant(name, known)
    return f"there is no environment {name!r}" + (f"; {near}" if near else "")
