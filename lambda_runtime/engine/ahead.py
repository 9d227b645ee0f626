"""The library's own start, beside Python's imports.

Creating ONNX Runtime's environment registers a few thousand operators: as long as all
of our imports take together, and none of it needs the interpreter. So it is begun
first, in a thread that ends with it; on one processor nothing is lost.
"""

from __future__ import annotations

import os
from _thread import start_new_thread

from lambda_runtime.engine.capi import Api, OrtError, api_at
from lambda_runtime.engine.library import VARIABLE
from lambda_runtime.faults import BrokenBundle


def begin() -> None:
    """
    Start the library that the environment names; without a name, do nothing.

    Whatever fails here fails again, and is told, when a session is opened.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    try:
        start_new_thread(_make_environment, (api_at(path),))
    except (BrokenBundle, RuntimeError):
        return


def _make_environment(api: Api) -> None:
    try:
        api.env  # noqa: B018 - made by asking
    except OrtError:
        return
