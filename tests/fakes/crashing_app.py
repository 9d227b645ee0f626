"""The real process, but for weights that vanish under ONNX Runtime: a real crash.

Usage: python -I -S crashing_app.py, with the runtime's own variables.
"""

import os
import sys

root = __file__.rpartition("/tests/")[0]
sys.path.append(root)

from lambda_runtime import serving  # noqa: E402 - found through the path above
from lambda_runtime.start import main  # noqa: E402


def opened(kind, path, variant, *, threads, inner=serving.open_session):
    """A session whose mapped weights are cut off before it is first run."""
    session = inner(kind, path, variant, threads=threads)
    if os.environ["CUT"] in path:
        os.truncate(path.replace(".onnx", ".data"), 0)
    return session


serving.open_session = opened
os._exit(main([], root=root, born_ns=0))
