"""Typed named tuples without the cost of importing `typing`.

A cold start pays for every import: `dataclasses` is 78 million instructions,
`typing` 47 million, `collections` 11 million. Type checkers see `typing.NamedTuple`;
the running program gets the same tuples made from `collections.namedtuple`.
"""

from collections import namedtuple

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Maker(type):
        """Turns an annotated class body into a named tuple, as `typing` does."""

        def __new__(cls, name, bases, body):  # noqa: ANN001, ANN204 - invisible to checkers
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(
                name, list(fields), defaults=defaults, module=body["__module__"]
            )
            made.__annotations__ = dict(fields)
            for key, value in body.items():
                if key not in {"__annotations__", "__module__", "__qualname__"}:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """Stands in for `typing.NamedTuple` at run time."""


__all__ = ["NamedTuple"]
