"""Runs a pushed image as one execution environment, under Lambda's conditions.

The data plane starts this as it starts any runtime: it pulls the image by digest, and
is the container from then on, with its output, its exit code and its end.
"""

import json
import os
import signal
import subprocess
import sys

PASSED = ("AWS_", "ORT_", "TZ")
KILLED = 128 + signal.SIGKILL


def main() -> int:
    with open(f"{os.environ['MLFLOW_SERVERLESS_BUNDLE']}/image.json") as file:
        said = json.load(file)
    memory = f"{said['memory_mb']}m"
    given = [f"{key}={value}" for key, value in said["beside"].items()]
    given += [
        f"{key}={value}"
        for key, value in os.environ.items()
        if key.startswith(PASSED) or key in said["variables"]
    ]
    command = [
        *said["docker"], "run", "--rm", "--label", said["label"],
        "--network", "host", "-m", memory, "--memory-swap", memory, "--read-only",
        "--tmpfs", "/tmp:size=512m,mode=1777", "--user", "993:990",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--pids-limit", "1024", *(word for one in given for word in ("-e", one)),
        said["image"],
    ]  # fmt: skip
    code = subprocess.run(command, check=False).returncode
    if code == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    return code


if __name__ == "__main__":
    sys.exit(main())
