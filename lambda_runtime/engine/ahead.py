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

_HINTS = (b'"kind": "ort-c"', b'"kind":"ort-c"')
"""How a manifest names this engine. It is not parsed yet: that takes longer than this
may, and another engine must not find a second copy of the library in its process."""


def begin(bundle: str) -> None:
    """
    Start the library that the environment names, if *bundle* wants this engine.

    Whatever fails here fails again, and is told, when a session is opened.
    """
    path = os.environ.get(VARIABLE)
    if not path or not _wanted(bundle):
        return
    try:
        start_new_thread(_make_environment, (api_at(path),))
    except (BrokenBundle, RuntimeError):
        return


def _wanted(bundle: str) -> bool:
    try:
        with open(f"{bundle}/manifest.json", "rb", buffering=0) as file:
            text = file.read() or b""
    except OSError:
        return False
    return any(hint in text for hint in _HINTS)


def _make_environment(api: Api) -> None:
    try:
        api.env  # noqa: B018 - made by asking
    except OrtError:
        return
