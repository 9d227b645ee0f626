"""From a file to a `Policy`, with the line of every mistake."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mlflow_serverless.config.section import Section
from mlflow_serverless.reconcile.errors import PolicyError, PolicyMissingError
from mlflow_serverless.reconcile.policy import (
    Environment,
    Place,
    Policy,
    Rule,
    Trigger,
    inconsistencies,
)
from mlflow_serverless.reconcile.settings import Mistake, Where, mistakes_in
from mlflow_serverless.wording import meant, one_line

Lines = Mapping[Where, int]


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `on` is a key like any other."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, found) for tag, found in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF")
)


def load(file: Path) -> Policy:
    """
    Read a policy.

    Raises:
        PolicyMissingError: The file cannot be read.
        PolicyError: With every mistake and its line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as cause:
        raise PolicyMissingError(file, cause.strerror or str(cause)) from cause
    except UnicodeDecodeError as cause:
        raise PolicyMissingError(file, "it is not UTF-8") from cause
    return parse(text, file)


def parse(text: str, file: Path) -> Policy:
    """
    Read a policy's text; *file* is for messages.

    Raises:
        PolicyError: With every mistake and its line.
    """
    data, lines, wrong = _read(text, file)
    try:
        policy = Policy.model_validate(data)
    except ValidationError as cause:
        wrong += [m for error in cause.errors() for m in _mistakes(error)]
        environments, rules = _sound(data)
        wrong += mistakes_in(environments, rules)
        wrong += map(_own_path, inconsistencies(environments, rules))
        raise PolicyError(file, _placed(wrong, lines)) from cause
    wrong += mistakes_in(policy.environments, dict(enumerate(policy.models)))
    if wrong:
        raise PolicyError(file, _placed(wrong, lines))
    return policy


def _sound(data: Any) -> tuple[dict[str, Environment], dict[int, Rule]]:
    """The parts of a policy that has mistakes, without those."""
    environments: dict[str, Environment] = {}
    rules: dict[int, Rule] = {}
    data = data if isinstance(data, dict) else {}
    named, listed = data.get("environments"), data.get("models")
    for name, given in named.items() if isinstance(named, dict) else ():
        environments[str(name)] = _mended(Environment, given, {})
    for number, given in enumerate(listed if isinstance(listed, list) else ()):
        rules[number] = _mended(Rule, given, _SOME_RULE)
    return environments, rules


_SOME_RULE: Mapping[str, Any] = {"model": "some-model", "on": {"alias": "some-alias"}}
"""What stands in for what is wrong or missing, so that the rest can be checked."""

S = TypeVar("S", bound=Section)


def _mended(section: type[S], given: Any, spare: Mapping[str, Any]) -> S:
    """*given* as *section*, without its keys that are wrong."""
    given = given if isinstance(given, dict) else {}
    try:
        return section.model_validate(given)
    except ValidationError as cause:
        wrong = {error["loc"][0] for error in cause.errors() if error["loc"]}
        kept = {key: value for key, value in given.items() if key not in wrong}
        return section.model_validate({**spare, **kept})


def json_schema() -> str:
    """The JSON schema of a policy file."""
    schema = Policy.model_json_schema()
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _read(text: str, file: Path) -> tuple[Any, Lines, list[Mistake]]:
    lines: dict[Where, int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise PolicyError(file, ["it is empty"])
        wrong = list(_walk(node, (), lines, set()))
        return loader.construct_document(node), lines, wrong
    except yaml.MarkedYAMLError as cause:
        said = " ".join(filter(None, (cause.context, cause.problem)))
        mark = cause.problem_mark or cause.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise PolicyError(file, [f"{line}{one_line(said)}"]) from cause
    except yaml.YAMLError as cause:
        raise PolicyError(file, [one_line(str(cause))]) from cause


def _walk(
    node: yaml.Node, path: Where, lines: dict[Where, int], seen: set[int]
) -> Iterator[Mistake]:
    """
    Note the line of every key; yield keys that are given twice.

    What an alias stands for is walked once: it may even hold itself.
    """
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _walk(item, (*path, number), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            inner = (*path, name)
            if name in first:
                yield inner, f"given twice, on line {first[name]} and line {line}"
            first[name] = lines[inner] = line
            yield from _walk(value, inner, lines, seen)


def _placed(wrong: list[Mistake], lines: Lines) -> list[str]:
    """Mistakes as text, in the order of their lines."""
    found = sorted({(_line(path, lines), _dotted(path), said) for path, said in wrong})
    return [
        f"line {line}: {f'{key}: ' if key else ''}{said}" for line, key, said in found
    ]


def _line(path: Where, lines: Lines) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _dotted(path: Where) -> str:
    return ".".join(str(part) for part in path)


def _mistakes(error: ErrorDetails) -> Iterator[Mistake]:
    path: Where = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        yield path, _unknown(path)
    elif error["type"] == "missing":
        yield path, "is missing"
    elif error["type"] == "too_short":
        yield path, "is empty"
    elif error["type"] == "value_error":
        for line in error["msg"].removeprefix("Value error, ").splitlines():
            yield _own_path(line) if not path else (path, line)
    else:
        said = error["msg"][:1].lower() + error["msg"][1:]
        yield path, f"{said}, not {_shown(error['input'])}"


def _own_path(line: str) -> Mistake:
    """`environments.x.after: …`, as checks over the whole policy word it."""
    key, _, said = line.partition(": ")
    parts = (int(part) if part.isdigit() else part for part in key.split("."))
    return tuple(parts), said


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _unknown(path: Where) -> str:
    section = _section(path[:-1])
    near = meant(str(path[-1]), section.model_fields)
    return "unknown key" + (f"; {near}" if near else "")


def _section(path: Where) -> type[Section]:
    """The section that stands at *path*."""
    if not path:
        return Policy
    if path[0] == "environments":
        return Environment
    if path[-1] == "on":
        return Trigger
    return Place if "environments" in path else Rule
