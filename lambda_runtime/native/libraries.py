"""Finding the heavy libraries: they are beside the bundle, not in it."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VARIABLE = "MLFLOW_SERVERLESS_SITE"
"""Folders that hold installed packages, separated as in `PATH`."""

_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT",
    "RAYON_NUM_THREADS",
)  # fmt: skip
"""What numpy, scikit-learn, boosters and torch, joblib, and tokenisers read."""


def prepare(threads: int, environ: Mapping[str, str] | None = None) -> None:
    """
    Let packages be found, and bound their threads; before any of them is imported.

    Args:
        threads: Most threads of one run; the libraries read it when they are loaded.
        environ: Read instead of the process's environment.
    """
    listed = (os.environ if environ is None else environ).get(VARIABLE, "")
    for folder in listed.split(os.pathsep):
        if folder and folder not in sys.path:
            sys.path.append(folder)
    for name in _THREADS:
        os.environ.setdefault(name, str(threads))


class _Absent:
    """A finder that says of some packages that they are not installed."""

    names: tuple[str, ...] = ()

    @classmethod
    def find_spec(cls, name: str, *_: object) -> None:
        """None sends the search on; what is left out ends it."""
        if name.partition(".")[0] in cls.names:
            raise ModuleNotFoundError(f"{name} is left out", name=name)


def leave_out(name: str) -> None:
    """
    Let the package *name* not be found, unless it is loaded already.

    Libraries that can do without it import it all the same where it is installed:
    scikit-learn spends 0.3 s on pandas for a model that is never shown a DataFrame.
    It also looks into `sys.modules`, so a None there would not do.
    """
    if name in sys.modules:
        return
    _Absent.names = (*_Absent.names, name)
    if _Absent not in sys.meta_path:
        sys.meta_path.insert(0, _Absent)


def library(name: str) -> Any:
    """
    The module *name*.

    Raises:
        BrokenBundle: `engine-missing`; it is not installed where we look.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as cause:
        raise BrokenBundle(
            "engine-missing",
            f"the native engine needs {cause.name}, which is in none of the folders of "
            f"{VARIABLE} ({os.environ.get(VARIABLE) or 'not set'})",
        ) from cause
