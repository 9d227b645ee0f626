"""Answers the same requests many times over, and prints how memory grew.

Run as `python -I -S tests/fakes/endurance.py COUNT`, with the runtime's environment.
"""

import os
import sys

ROOT = __file__.rpartition("/tests/")[0]
sys.path.append(ROOT)

from lambda_runtime.app import build  # noqa: E402
from lambda_runtime.settings import read  # noqa: E402

EVENTS = [
    b'{"inputs": {"sepal length": [1.5], "sepal width": [2.5]}}',
    b'{"dataframe_records": [{"sepal length": 1, "sepal width": 2}]}',
    b'{"inputs": 7}',
    b"{",
    b'{"version":"2.0","rawPath":"/ping","requestContext":{"http":{"method":"GET"}}}',
    b'{"version":"2.0","rawPath":"/no","requestContext":{"http":{"method":"GET"}}}',
]


def resident() -> int:
    """Memory of this process that is resident [kB]."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


if __name__ == "__main__":
    app = build(read(os.environ, root=ROOT), born_ns=0)
    count = int(sys.argv[1])
    for number in range(count // 10):
        app.handle(EVENTS[number % len(EVENTS)])
    before = resident()
    for number in range(count):
        app.handle(EVENTS[number % len(EVENTS)])
    sys.stdout.write(f"{resident() - before}\n")
