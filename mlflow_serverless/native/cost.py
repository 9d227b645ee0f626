"""What the libraries weigh that a model needs beside its bundle."""

import re
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_LIBRARIES = {
    "sklearn": ("scikit-learn",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "lightgbm": ("lightgbm", "scikit-learn"),
    "catboost": ("catboost",),
    "statsmodels": ("statsmodels",),
    "pyfunc": ("mlflow",),
}


def libraries_for(
    loader: str, format_: str, *, frame: bool, requirements: Iterable[str]
) -> tuple[str, ...]:
    """
    The distributions that a loader imports, by name.

    Args:
        loader: See `lambda_runtime.native.recipe`.
        format_: How the model is kept.
        frame: Whether it is shown a DataFrame.
        requirements: The model's own, for what only mlflow can load.
    """
    names = [*_LIBRARIES[loader]]
    if format_ in {"skops", "cloudpickle"}:
        names.append(format_)
    if frame:
        names.append("pandas")
    if loader == "pyfunc":
        names += [found.group() for r in requirements if (found := _NAME.match(r))]
    return tuple(dict.fromkeys(names))


def closure_bytes(
    names: Iterable[str], find: Callable[[str], Distribution] = distribution
) -> int:
    """
    Bytes on disk of *names* and all they need, as far as they are installed.

    An estimate: a layer may leave out tests and debug symbols, and an image shares.
    """
    seen: set[str] = set()
    waiting = list(names)
    total = 0
    while waiting:
        name = _canonical(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            found = find(name)
        except PackageNotFoundError:
            continue
        total += sum(file.size or 0 for file in found.files or ())
        waiting += [
            match.group()
            for line in found.requires or ()
            if "extra ==" not in line and (match := _NAME.match(line))
        ]
    return total


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
