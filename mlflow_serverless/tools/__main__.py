"""The entry: `python -I -S <root>/mlflow_serverless/tools/__main__.py HANDLER`."""

import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 - as the runtime's entry

from mlflow_serverless.tools.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
