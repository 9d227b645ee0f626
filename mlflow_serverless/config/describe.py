"""Help text, reference page and JSON schema, all read off the options themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from mlflow_serverless.config.model import DeploymentConfig
from mlflow_serverless.config.section import Section


@dataclass(frozen=True, slots=True)
class Option:
    """One key that may be set."""

    key: str
    """Dotted; `environment.NAME` where any name goes."""
    kind: str
    """Type and bounds, in words."""
    default: str
    meaning: str


def options(section: type[Section] = DeploymentConfig, path: str = "") -> list[Option]:
    """Every option, in the order they are declared."""
    return list(_options(section, path))


def _options(section: type[Section], path: str) -> Iterator[Option]:
    for name, field in section.model_fields.items():
        inner = section_of(field)
        if inner is not None:
            yield from _options(inner, f"{path}{name}.")
        elif get_origin(field.annotation) is dict:
            yield Option(f"{path}{name}.NAME", "text", "", _meaning(field))
        else:
            default = _shown(field.get_default(call_default_factory=True))
            yield Option(f"{path}{name}", _kind(field), default, _meaning(field))


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that *field* holds, if it holds one."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _shown(value: object) -> str:
    if value is None or value == ():
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


_WORDS = {
    int: "whole number", float: "number", bool: "true or false", str: "text",
    Path: "file",
}  # fmt: skip


def _kind(field: FieldInfo) -> str:
    low = high = None
    for mark in [*field.metadata, *_marks(field.annotation)]:
        low = mark.ge if isinstance(mark, Ge) else low
        high = mark.le if isinstance(mark, Le) else high
    word = _word(field.annotation)
    if low is not None and high is not None:
        return f"{word}, {low} to {high}"
    return word if low is None else f"{word}, at least {low}"


def _marks(kind: Any) -> list[Any]:
    """Bounds inside a union: `Annotated[int, Ge(1)] | None`."""
    parts = get_args(kind) if get_origin(kind) in {Union, UnionType} else ()
    return [m for part in parts for m in getattr(part, "__metadata__", ())]


def _word(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) in {Union, UnionType}:
        first = next(part for part in get_args(kind) if part is not NoneType)
        return f"{_word(first)} or none"
    if get_origin(kind) is tuple:
        return "texts, with commas between them"
    return _WORDS.get(getattr(kind, "__origin__", kind), str(kind))


def help_text() -> str:
    """What `mlflow deployments help -t lambda` prints about options."""
    lines = []
    for option in options():
        default = f" [{option.default}]" if option.default else ""
        kind = option.kind.replace("`", "")
        lines += [f"  {option.key}{default}  ({kind})", f"      {option.meaning}"]
    return "\n".join(lines)


def markdown() -> str:
    """The reference page."""
    rows = [
        f"| `{o.key}` | {o.kind} | {_code(o.default)} | {o.meaning} |"
        for o in options()
    ]
    return "\n".join(
        [
            "# Configuration",
            "",
            "<!-- Made by scripts/generate_reference.py; do not edit. -->",
            "",
            "Given as `-C key=value`, as a file with `-C config=@file.yaml` (keys on",
            "the command line win), or as keyword arguments and mappings in Python.",
            "Unknown keys are refused, and every mistake is reported at once.",
            "The same as a JSON schema: [config.schema.json](config.schema.json).",
            "",
            "| Key | Value | Default | Meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def json_schema() -> str:
    """The JSON schema of a configuration file."""
    schema = DeploymentConfig.model_json_schema()
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
