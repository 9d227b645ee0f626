"""What templates call a resource: for good, whatever else is in the template.

A label that changed would have the resource made a second time under a name that is
taken, so it depends on the resource and the deployment's name alone.
"""

import re
from collections.abc import Mapping

from mlflow_serverless.plan import (
    Alarm,
    Desired,
    LogGroup,
    Permission,
    Resource,
    key_of,
    names,
)
from mlflow_serverless.plan.resources import Key

Words = tuple[str, ...]


def labels(want: Desired) -> Mapping[Key, Words]:
    """Of each resource, the words of its label; no two have the same."""
    found: dict[Key, Words] = {}
    for resource in want.resources:
        words = _words(resource, want.function.name)
        taken = words in found.values()
        further = (names.short(resource.name),) if taken else ()
        found[key_of(resource)] = words + further
    return found


def _words(resource: Resource, name: str) -> Words:
    match resource:
        case LogGroup() if resource.name == names.access_log_group(name):
            return ("access", "log")
        case Permission():
            return ("permission", *_split(resource.sid))
        case Alarm():
            return ("alarm", *_split(resource.name.removeprefix(names.alarm(name, ""))))
        case _:
            return _split(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(resource).__name__))


def _split(text: str) -> Words:
    return tuple(re.findall(r"[a-z0-9]+", text.lower()))


def camel(words: Words) -> str:
    """As CloudFormation's logical ids are: `AccessLog`."""
    return "".join(word.capitalize() for word in words)


def snake(words: Words) -> str:
    """As Terraform's names are: `access_log`."""
    return "_".join(words)
