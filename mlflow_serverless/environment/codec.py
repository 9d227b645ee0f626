"""Our own values as JSON and back, between two interpreters that share our code.

Frozen dataclasses and named tuples of ours carry their class's name; no other class
is written or read.
"""

import base64
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

_OURS = ("mlflow_serverless.", "lambda_runtime.")


def encode(value: Any) -> Any:
    """
    *value* as JSON values.

    Raises:
        TypeError: It holds something that is not ours, nor plain.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    return _encode_plain(value) or _encode_ours(value)


def _encode_plain(value: Any) -> Any:
    """What JSON has no word for; None if it is none of these."""
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, Path):
        return {"path": str(value)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {"map": [[encode(k), encode(v)] for k, v in value.items()]}
    if type(value) is tuple:
        return {"tuple": [encode(item) for item in value]}
    return None


def _encode_ours(value: Any) -> Any:
    kind = type(value)
    if not kind.__module__.startswith(_OURS):
        why = f"{kind.__module__}.{kind.__qualname__} is not ours to send"
        raise TypeError(why)
    names = value._fields if hasattr(value, "_fields") else _names(value)
    parts = {name: encode(getattr(value, name)) for name in names}
    return {"class": f"{kind.__module__}:{kind.__name__}", "fields": parts}


def _names(value: Any) -> list[str]:
    return [field.name for field in fields(value) if field.init]


def decode(said: Any) -> Any:
    """
    The value that *said* stands for.

    Raises:
        ValueError: It names a class that is not ours, or is no class of values.
    """
    if isinstance(said, list):
        return [decode(item) for item in said]
    if not isinstance(said, dict):
        return said
    if "class" in said:
        parts = {name: decode(part) for name, part in said["fields"].items()}
        return _class(said["class"])(**parts)
    ((kind, held),) = said.items()
    return _PLAIN[kind](held)


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "float": float.fromhex,
    "path": Path,
    "bytes": base64.b64decode,
    "map": lambda held: {decode(k): decode(v) for k, v in held},
    "tuple": lambda held: tuple(decode(item) for item in held),
}


def _class(named: str) -> Any:
    module, _, name = named.partition(":")
    if not module.startswith(_OURS):
        why = f"{named} is not ours to read"
        raise ValueError(why)
    found = getattr(import_module(module), name, None)
    ours = isinstance(found, type) and found.__module__ == module
    if not ours or not (is_dataclass(found) or hasattr(found, "_fields")):
        why = f"{named} is no class of values"
        raise ValueError(why)
    return found
