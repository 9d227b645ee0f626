"""Where `libonnxruntime.so` is, without asking package metadata."""

from __future__ import annotations

import os
import sys

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VARIABLE = "MLFLOW_SERVERLESS_ORT"
"""Names the library outright."""

_NAME = "libonnxruntime.so"


def find_library(
    environ: Mapping[str, str] | None = None, folders: Iterable[str] | None = None
) -> str:
    """
    The path of ONNX Runtime's library: `MLFLOW_SERVERLESS_ORT`, or in a wheel.

    Args:
        environ: The process's own, if None.
        folders: Where packages are installed; this interpreter's, if None.

    Raises:
        BrokenBundle: `engine-missing`; it is nowhere, or not where it was said to be.
    """
    named = (os.environ if environ is None else environ).get(VARIABLE)
    if named:
        if os.path.isfile(named):
            return named
        raise BrokenBundle("engine-missing", f"{VARIABLE}={named} is not a file")
    looked = list(_site_folders() if folders is None else folders)
    for folder in looked:
        found = _in_wheel(os.path.join(folder, "onnxruntime", "capi"))
        if found is not None:
            return found
    raise BrokenBundle(
        "engine-missing",
        f"no {_NAME} in {', '.join(looked) or 'no folder at all'}; install onnxruntime "
        f"or set {VARIABLE}",
    )


def _in_wheel(folder: str) -> str | None:
    try:
        names = sorted(name for name in os.listdir(folder) if name.startswith(_NAME))
    except OSError:
        return None
    return os.path.join(folder, names[-1]) if names else None


def _site_folders() -> Iterator[str]:
    # `python -I -S` leaves site-packages out of sys.path, and a virtual environment
    # is then known only by where its interpreter stands.
    yield from (folder for folder in sys.path if folder)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for root in (os.path.dirname(os.path.dirname(sys.executable)), sys.prefix):
        yield os.path.join(root, "lib", version, "site-packages")
