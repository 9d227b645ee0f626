"""The entry: `python -I -S <root>/lambda_runtime/__main__.py`."""

import sys
from time import perf_counter_ns

born_ns = perf_counter_ns()

import os  # noqa: E402 - the clock first

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(here)
# A script's own folder must not be searched: its modules are not top-level ones.
sys.path[:] = [entry for entry in sys.path if entry != here]
if root not in sys.path:
    sys.path.append(root)

from lambda_runtime.engine.ahead import begin  # noqa: E402 - found through the path above

begin(os.environ.get("MLFLOW_SERVERLESS_BUNDLE") or root + "/bundle")

from lambda_runtime.start import main  # noqa: E402 - what is begun runs beside this

if __name__ == "__main__":
    code = main(sys.argv[1:], root=root, born_ns=born_ns)
    sys.stdout.flush()
    sys.stderr.flush()
    # The model is closed. Taking the interpreter apart would cost 23 M instructions
    # more, and native libraries are at their most fragile there.
    os._exit(code)
