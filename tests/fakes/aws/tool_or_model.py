"""What an environment runs: a tool of ours, if its image is one, else a fake model.

Started as any runtime is: alone, without the packages of this machine. A tool's image
brings its own, and those are this machine's here.
"""

import json
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def main() -> None:
    folder = Path(os.environ["MLFLOW_SERVERLESS_BUNDLE"])
    said = json.loads((folder / "image.json").read_text())
    if "handler" not in said:
        model = ROOT / "tests" / "fakes" / "runtime.py"
        runpy.run_path(str(model), run_name="__main__")
        return
    import site

    site.main()
    sys.path.insert(0, str(ROOT))
    del os.environ["AWS_ENDPOINT_URL_LAMBDA"]
    os.environ.update(said["environ"])
    from mlflow_serverless.tools.run import main as serve

    sys.exit(serve([said["handler"]]))


main()
