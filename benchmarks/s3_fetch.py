"""Fetching 100 MB from S3 against boto3, process start and import included.

The server gives each connection 80 MB/s after 20 ms, as S3 does within a region.
Every client runs in a fresh process; runs are interleaved; medians are compared.

    python benchmarks/s3_fetch.py [--mb 100] [--runs 5] [--gate]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from lambda_runtime.manifest import PIECE_BYTES  # noqa: E402 - found by its place

GATE, AIM = 1 / 6, 1 / 15

OURS = """
import sys; sys.path.insert(0, sys.argv[1])
from lambda_runtime.cache.s3 import S3
from lambda_runtime.cache.tier import Limit
from lambda_runtime.cache.disk import RealDisk
from lambda_runtime.cache.folder import Folder
from lambda_runtime.cache.sweep import PRIVATE
from lambda_runtime.manifest import File
{before}
pieces = tuple(sys.argv[5].split(",")) if {pieces} else ()
file = File("model.onnx", sys.argv[2], int(sys.argv[3]), pieces)
sink = Folder(sys.argv[4], None, PRIVATE, RealDisk())
print(S3("s3://bucket", {{}}).find(file, [sink], Limit(60)).path)
"""
PLAIN = """
# As ours, but trusting the connection: what transport alone costs.
from lambda_runtime.cache import check, ranges
ranges.Transfer._follow = unhashed
check.expect_digest = lambda found, file: None
"""
UNHASHED = """
def unhashed(self, parts, view):
    while any(part.done < part.end for part in parts):
        if self._failure is not None:
            raise self._failure
        self._bell.acquire(timeout=0.05)
    return ""
"""
BOTO = """
import sys
import boto3
client = boto3.client("s3")
body = client.get_object(Bucket="bucket", Key=sys.argv[2])["Body"].read()
assert len(body) == int(sys.argv[3])
"""
CHECKED = (
    BOTO
    + """
import hashlib
assert hashlib.sha256(body).hexdigest() == sys.argv[2]
"""
)


CLIENTS = {
    "ours": (["-I", "-S"], OURS.format(before="", pieces=True)),
    "ours, one digest": (["-I", "-S"], OURS.format(before="", pieces=False)),
    "ours, unchecked": (
        ["-I", "-S"],
        OURS.format(before=UNHASHED + PLAIN, pieces=False),
    ),
    "boto3": ([], BOTO),
    "boto3 + sha256": ([], CHECKED),
}


def pieces_of(size: int) -> str:
    """Digests of the pieces of what the server serves."""
    content = random.Random(size).randbytes(size)
    return ",".join(
        hashlib.sha256(content[start : start + PIECE_BYTES]).hexdigest()
        for start in range(0, size, PIECE_BYTES)
    )


def run(name: str, digest: str, size: int, pieces: str) -> tuple[float, float]:
    """Wall and CPU time of one fresh process [ms]."""
    flags, script = CLIENTS[name]
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        argv = [sys.executable, *flags, "-c", script]
        argv += [str(ROOT), digest, str(size), f"{folder}/store", pieces]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1e3, cpu * 1e3


def measure(size: int, runs: int) -> dict[str, tuple[float, float]]:
    """Medians of wall and CPU time of every client [ms]."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.s3_server", str(size)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pieces = pieces_of(size)
        address, digest = server.stdout.readline().split()
        os.environ.update(
            AWS_ENDPOINT_URL_S3=address,
            AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY="secret",
            AWS_REGION="us-east-1",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_EC2_METADATA_DISABLED="true",
        )
        rows = {name: [] for name in CLIENTS}
        for _ in range(runs + 1):
            for name in CLIENTS:
                rows[name].append(run(name, digest, size, pieces))
    finally:
        server.stdin.close()
        server.wait(10)
    return {
        name: tuple(statistics.median(column) for column in zip(*kept[1:], strict=True))
        for name, kept in rows.items()
    }


def main() -> int:
    """Print the table and the gate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gate", action="store_true", help="fail beyond the gate")
    chosen = parser.parse_args()
    found = measure(chosen.mb * 1_000_000, chosen.runs)
    print("| client | wall ms | CPU ms/MB | of boto3 |\n|---|---|---|---|")
    for name, (wall, cpu) in found.items():
        share = wall / found["boto3"][0]
        print(f"| {name} | {wall:.0f} | {cpu / chosen.mb:.2f} | 1/{1 / share:.1f} |")
    alike = {
        "neither checks": found["ours, unchecked"][0] / found["boto3"][0],
        "both check": found["ours"][0] / found["boto3 + sha256"][0],
        "only ours checks": found["ours"][0] / found["boto3"][0],
    }
    for name, ratio in alike.items():
        verdict = "aim" if ratio <= AIM else "gate" if ratio <= GATE else "MISSED"
        print(f"{name}: 1/{1 / ratio:.1f} ({verdict}; gate 1/6, aim 1/15)")
    return int(chosen.gate and alike["both check"] > GATE)


if __name__ == "__main__":
    raise SystemExit(main())
