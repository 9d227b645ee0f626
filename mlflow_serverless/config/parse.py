"""From flat strings, a file, or Python values to one `DeploymentConfig`, and back."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mlflow_serverless.config.describe import options, section_of
from mlflow_serverless.config.errors import ConfigError, ConfigFileError
from mlflow_serverless.config.model import DeploymentConfig
from mlflow_serverless.config.section import Section

FILE_KEY = "config"
"""`-C config=@file.yaml`: MLflow's parser lets nothing without NAME= through."""

_NONE = {"none", "null", ""}

_SHORT = {"strategy": "name"}
"""Groups that may be given one value, and the key that it is for."""


def parse(given: Mapping[str, object]) -> DeploymentConfig:
    """
    Read a configuration.

    Args:
        given: Keys dotted or nested; values as text or in their own types; `config`
            may name a file (`@file.yaml`) whose keys the others override.

    Raises:
        ConfigError: With every mistake and its key.
        ConfigFileError: The file is not there, or holds no mapping.
    """
    given = dict(given)
    mistakes: list[str] = []
    tree: dict[str, Any] = {}
    named = given.pop(FILE_KEY, None)
    if named is not None:
        _grow(tree, _load(str(named)), mistakes)
    own: dict[str, Any] = {}
    _grow(own, given, mistakes)
    _merge(tree, own)
    config = _validated(tree, mistakes)
    if config is None or mistakes:
        raise ConfigError(mistakes)
    return config


def flat(config: DeploymentConfig) -> dict[str, str]:
    """What differs from the defaults, as flat strings that `parse` reads."""
    return dict(_leaves(config.model_dump(exclude_defaults=True), DeploymentConfig))


def from_flat(given: Mapping[str, object], base: DeploymentConfig) -> DeploymentConfig:
    """*base* with what *given* says changed."""
    return parse({**flat(base), **_leaves_of(given)})


def _leaves_of(given: Mapping[str, object]) -> dict[str, object]:
    """*given*, file included, with every key dotted."""
    given = dict(given)
    named = given.pop(FILE_KEY, None)
    from_file = _load(str(named)) if named is not None else {}
    return {**_dotted(from_file), **_dotted(given)}


def _dotted(given: Mapping[str, object], path: str = "") -> dict[str, object]:
    leaves: dict[str, object] = {}
    for key, value in given.items():
        value = _opened(value)  # noqa: PLW2901 - the same value, read
        if isinstance(value, Mapping):
            leaves |= _dotted(value, f"{path}{key}.")
        else:
            short = _SHORT.get(f"{path}{key}")
            leaves[f"{path}{key}.{short}" if short else f"{path}{key}"] = value
    return leaves


def _leaves(values: Mapping[str, Any], section: type[Section], path: str = "") -> Any:
    for name, value in values.items():
        field = section.model_fields[name]
        inner = section_of(field)
        if inner is not None:
            yield from _leaves(value, inner, f"{path}{name}.")
        elif get_origin(field.annotation) is dict:
            yield from ((f"{path}{name}.{key}", text) for key, text in value.items())
        else:
            yield f"{path}{name}", "none" if value is None else _text(value)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _load(named: str) -> Mapping[str, object]:
    file = Path(named.removeprefix("@")).expanduser()
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as cause:
        raise ConfigFileError(file, cause.strerror or str(cause)) from cause
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise ConfigFileError(file, " ".join(str(cause).split())) from cause
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigFileError(file, f"it holds a {type(data).__name__}")
    return {str(key): value for key, value in data.items()}


def _opened(value: object) -> object:
    """A JSON object given as text, as the mapping it is."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _grow(tree: dict[str, Any], given: Mapping[str, object], wrong: list[str]) -> None:
    """Put every dotted or nested key of *given* into its place in *tree*."""
    for key, value in given.items():
        head, _, rest = str(key).partition(".")
        field = DeploymentConfig.model_fields.get(head)
        grouped = field is not None and _is_group(field)
        if field is None or (rest and not grouped):
            wrong.append(_unknown(str(key)))
        elif not grouped:
            _plant(tree, head, value, head, wrong)
        else:
            _branch(tree.setdefault(head, {}), head, rest, value, wrong)


def _is_group(field: FieldInfo) -> bool:
    return section_of(field) is not None or get_origin(field.annotation) is dict


def _branch(
    branch: dict[str, Any], head: str, rest: str, value: object, wrong: list[str]
) -> None:
    rest = rest or ("" if isinstance(_opened(value), Mapping) else _SHORT.get(head, ""))
    inner = {rest: value} if rest else _opened(value)
    if not isinstance(inner, Mapping):
        wrong.append(f"{head}: is a group of keys, as {head}.NAME=value")
        return
    for name, leaf in inner.items():
        _plant(branch, str(name), leaf, f"{head}.{name}", wrong)


def _plant(
    branch: dict[str, Any], name: str, value: object, key: str, mistakes: list[str]
) -> None:
    if name in branch:
        mistakes.append(f"{key}: given twice")
    branch[name] = value


def _merge(tree: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            tree[key].update(value)
        else:
            tree[key] = value


def _validated(tree: dict[str, Any], mistakes: list[str]) -> DeploymentConfig | None:
    _absent(tree, DeploymentConfig)
    for group in ("environment", "tags"):
        if group in tree:
            tree[group] = {k: _scalar_text(v) for k, v in tree[group].items()}
    try:
        return DeploymentConfig.model_validate(tree)
    except ValidationError as cause:
        mistakes += [_mistake(error) for error in cause.errors()]
        return None


def _absent(tree: dict[str, Any], section: type[Section]) -> None:
    """Where nothing may be given, read `none` as nothing."""
    for name, field in section.model_fields.items():
        value, inner = tree.get(name), section_of(field)
        if inner is not None and isinstance(value, dict):
            _absent(value, inner)
        elif field.default is None and str(value).lower() in _NONE and name in tree:
            tree[name] = None


def _scalar_text(value: object) -> object:
    """YAML reads `tags: {year: 2026}` as a number; a tag is text all the same."""
    return _text(value) if isinstance(value, bool | int | float) else value


def _mistake(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown(key)
    if error["type"] == "value_error":
        said = error["msg"].removeprefix("Value error, ")
        return f"{key}: {said}" if key else said  # keys that do not fit together
    said = error["msg"][:1].lower() + error["msg"][1:]
    if error["type"] in _WORDS:
        said = _WORDS[error["type"]].format(**error.get("ctx", {}))
    return f"{key}={error['input']}: {said}"


_WORDS = {
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "bool_parsing": "write true or false",
    "greater_than": "write more than {gt:g}",
    "greater_than_equal": "{ge:g} is the least",
    "less_than": "write less than {lt:g}",
    "less_than_equal": "{le:g} is the most",
    "literal_error": "write {expected}",
}
"""For people, what pydantic words for programmers."""


def _unknown(key: str) -> str:
    known = [option.key.removesuffix(".NAME") for option in options()]
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    tail = f"; did you mean {near[0]}?" if near else ""
    return f"{key}: unknown key{tail}"
