"""Values that are made once and kept with the files they name.

An arrow's result is a value (a conversion, a report) and the files it points at. Both
lie in one folder of the `ContentStore`. Paths are written relative to that folder, or
to the store, because a result moves when it is finished and may be moved with its
store. Only our own values are read back: the reader refuses every other class.
"""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mlflow_serverless.store import ContentStore

T = TypeVar("T")

_FILE = "value.pickle"
_OURS = ("mlflow_serverless.", "lambda_runtime.")


def obtain(
    store: ContentStore, room: str, key: str, make: Callable[[Path], T]
) -> tuple[T, bool]:
    """
    The value for *key*, and whether this call made it.

    A kept value that cannot be read any more is made again.

    Args:
        store: Where it is kept.
        room: Which arrow.
        key: Everything that the value depends on.
        make: Makes it, and its files inside the folder it is given.
    """

    def work(folder: Path) -> None:
        (folder / _FILE).write_bytes(_written(make(folder), folder, store.root))

    for _ in range(2):
        made = store.obtain(room, key, work)
        try:
            return _read(made.folder, store.root), made.fresh
        except (OSError, EOFError, pickle.UnpicklingError, AttributeError, TypeError):
            store.discard(room, key)
    raise AssertionError(f"{room}/{key} cannot be read right after it was made")  # noqa: EM102, TRY003 - a bug of ours


def _written(value: Any, folder: Path, root: Path) -> bytes:
    text = io.BytesIO()
    _Writer(text, folder, root).dump(value)
    return text.getvalue()


def _read(folder: Path, root: Path) -> Any:
    with (folder / _FILE).open("rb") as file:
        return _Reader(file, folder, root).load()


class _Writer(pickle.Pickler):
    """Writes paths relative to where the result will lie."""

    def __init__(self, file: io.BytesIO, folder: Path, root: Path) -> None:
        super().__init__(file)
        self._bases = (("here", folder), ("store", root))

    def persistent_id(self, value: Any) -> tuple[str, str] | None:
        """Stand in for a path; None for every other value."""
        if not isinstance(value, Path):
            return None
        for name, base in self._bases:
            if value.is_relative_to(base):
                return name, value.relative_to(base).as_posix()
        return "absolute", str(value)


class _Reader(pickle.Unpickler):
    """Reads our own values and nothing else."""

    def __init__(self, file: Any, folder: Path, root: Path) -> None:
        super().__init__(file)
        self._bases: dict[str, Path] = {
            "here": folder,
            "store": root,
            "absolute": Path(),
        }

    def persistent_load(self, pid: tuple[str, str]) -> Path:
        """The path that stood there."""
        base, relative = pid
        return self._bases[base] / relative

    def find_class(self, module: str, name: str) -> Any:
        """A class of ours; anything else has no business in a kept value."""
        if module.startswith(_OURS):
            return super().find_class(module, name)
        what = f"{module}.{name} in a kept value"
        raise pickle.UnpicklingError(what)
