"""Typed named tuples without the cost of importing `typing`.

A cold start pays for every import and for every class: `dataclasses` is 78 million
instructions, `typing` 47 million, `collections` 11 million, and each named tuple of
its making half a million more, since it compiles a constructor. Type checkers see
`typing.NamedTuple`; the running program gets tuples with the same fields, defaults,
`_replace`, `_asdict`, `_make` and `_fields`, all served by one constructor.
"""

TYPE_CHECKING = False

made = tuple.__new__
"""`made(Record, values)`: a record of all its fields' values, in order, on paths that
every request takes: no constructor written in Python is called."""

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from _collections import _tuplegetter

    def _new(cls, *args, **named):  # noqa: ANN001, ANN002, ANN003, ANN202 - invisible to checkers
        if len(args) == cls._count and not named:
            return made(cls, args)
        if named:
            return tuple.__new__(cls, _named(cls, args, named))
        lacking = len(cls._fields) - len(args)
        if lacking:
            if not 0 < lacking <= len(cls._last):
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
            args += cls._last[-lacking:]
        return tuple.__new__(cls, args)

    def _named(cls, args, named):  # noqa: ANN001, ANN202
        """*args*, then what is *named*, then defaults; TypeError if they do not fit."""
        rest = cls._fields[len(args) :]
        values = {**cls._field_defaults, **named}
        if not set(rest).issuperset(named) or not values.keys() >= set(rest):
            raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
        return (*args, *[values[field] for field in rest])

    def _make(cls, values):  # noqa: ANN001, ANN202
        return cls(*values)

    def _replace(self, /, **named):  # noqa: ANN001, ANN003, ANN202
        if not set(self._fields).issuperset(named):
            raise ValueError(f"{type(self).__name__} has {', '.join(self._fields)}")
        pairs = zip(self._fields, self, strict=True)
        return tuple.__new__(type(self), [named.get(f, v) for f, v in pairs])

    def _asdict(self):  # noqa: ANN001, ANN202
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):  # noqa: ANN001, ANN202
        pairs = zip(self._fields, self, strict=True)
        return f"{type(self).__name__}({', '.join(f'{f}={v!r}' for f, v in pairs)})"

    def _getnewargs(self):  # noqa: ANN001, ANN202
        return tuple(self)

    _SHARED = {
        "__slots__": (), "__new__": _new, "__repr__": _repr,
        "__getnewargs__": _getnewargs, "_make": classmethod(_make),
        "_replace": _replace, "_asdict": _asdict,
    }  # fmt: skip

    class _Maker(type):
        """Turns an annotated class body into a named tuple, as `typing` does."""

        def __new__(cls, name, bases, body):  # noqa: ANN001, ANN204 - invisible to checkers
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            body["_field_defaults"] = {f: body[f] for f in fields if f in body}
            body["_last"] = tuple(body["_field_defaults"].values())
            for index, field in enumerate(fields):
                body[field] = _tuplegetter(index, field)
            body["_fields"] = body["__match_args__"] = fields
            body["_count"] = len(fields)
            return type(name, (tuple,), {**_SHARED, **body})

    class NamedTuple(metaclass=_Maker):
        """Stands in for `typing.NamedTuple` at run time."""


__all__ = ["NamedTuple", "made"]
