"""Inference parameters: checked as MLflow checks them, and held to their defaults.

A converted graph has the parameters' defaults built in. A request that sends another
value would be answered as if it had not, so it is refused.
"""

from __future__ import annotations

from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol.coerce import Misfit, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Param

_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "integer": (int,), "long": (int,), "float": (int, float),
    "double": (int, float), "string": (str,), "datetime": (str,),
}  # fmt: skip
"""What a value must be, exactly: a boolean is no integer."""


class BadParams(BadRequest):
    """A parameter of the wrong type or shape, or another than the built-in one."""

    code = "INVALID_PARAMETER_VALUE"


def check_params(given: Any, known: Sequence[Param]) -> None:
    """
    Check the request's `params`; those the signature does not know are ignored.

    Raises:
        BadParams: Not an object, a wrong type or shape, or not the default.
    """
    if given is None:
        return
    if not isinstance(given, dict):
        raise BadParams(f"Parameters must be a dictionary. Got {kind(given)}.")
    for param in known:
        if param.name in given:
            _check(param, given[param.name])


def _check(param: Param, value: Any) -> None:
    items, defaults = [value], [param.default]
    if param.shape is not None:
        if not isinstance(value, list):
            raise BadParams(
                "Invalid parameters found: value must be a 1D array with shape (-1,) "
                f"for param '{param.name}', received {kind(value)}"
            )
        items, defaults = value, list(param.default or ())
    wanted = _TYPES.get(param.type)
    for item in items:
        if wanted and item is not None and type(item) not in wanted:
            raise BadParams(
                f"Invalid parameters found: can not safely convert {kind(item)} to "
                f"`{param.type}` for param '{param.name}'"
            )
    if not _same(items, defaults, param.type):
        raise BadParams(
            f"Param '{param.name}' is built into this deployment at its default; "
            "leave it out, or deploy the model again with another default."
        )


def _same(items: list[Any], defaults: list[Any], type_: str) -> bool:
    if type_ == "datetime":
        from lambda_runtime.protocol.moments import moments  # noqa: PLC0415 - if used

        try:
            return moments(items) == moments(defaults)
        except Misfit:
            raise BadParams("Invalid parameters found: not an ISO 8601 time") from None
    return items == defaults
