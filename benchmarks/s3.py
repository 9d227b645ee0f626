"""Fetching a model from S3: the runtime's client against boto3."""

from benchmarks.s3_fetch import measure
from benchmarks.table import Gate, Section

MEGABYTES, RUNS = 100, 5


def run() -> Section:
    """Medians in fresh processes, client creation included."""
    found = measure(MEGABYTES * 1_000_000, RUNS)
    rows = [
        [name, f"{wall:.0f} ms", f"{cpu / MEGABYTES:.2f} ms/MB"]
        for name, (wall, cpu) in found.items()
    ]
    wall = {name: figures[0] for name, figures in found.items()}
    gates = (
        Gate(
            "S3 100 MB / boto3 get_object, neither checks",
            wall["ours, unchecked"] / wall["boto3"],
            1 / 6,
            1 / 15,
            number=10,
        ),
        Gate(
            "S3 100 MB / boto3 get_object, both check sha256",
            wall["ours"] / wall["boto3 + sha256"],
            1 / 6,
            1 / 15,
            number=10,
        ),
    )
    return Section(
        "S3",
        f"{MEGABYTES} MB from a loopback server with 20 ms to the first byte and 80 MB/s a "
        "connection; import and client creation included. Checking the digest is what "
        "the runtime always does on arrival; this CPU has no SHA instructions.",
        ("client", "wall", "CPU"),
        rows,
        gates,
    )
