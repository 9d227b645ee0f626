"""What is the same on every machine, counted: CI holds these figures, too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cold, models
from benchmarks.bundles import bundle_of, packaged
from benchmarks.table import Gate, Section
from mlflow_serverless.build.archive import entries_of, write_tar
from mlflow_serverless.build.layers import lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from tests.budget.cold_start import first_answer
from tests.budget.dependencies import dependency_bytes

HEAVY = {"numpy", "onnxruntime", "boto3", "botocore", "pydantic", "pandas", "mlflow"}
MODEL = "logistic"


def run() -> Section:
    """Count instructions, bytes, files, modules, and what differs between builds."""
    with tempfile.TemporaryDirectory() as folder:
        gates = (*_instructions(), *_counts(Path(folder)))
    return Section(
        "Counts",
        "Instructions are those of the images of the cold starts, with the logistic "
        "regression, from exec to the first answer. Dependencies are the library and "
        "the runtime. Chunks of 512 KiB and files are what a process has read or "
        "mapped by its first answer, without read-ahead, Python's own included. A "
        "build is the runtime's layer and a model's bundle, made twice from the same "
        "inputs in different folders.",
        ("", "figure"),
        [[gate.name, f"{gate.figure:.4g}{gate.unit.strip('x')}"] for gate in gates],
        gates,
    )


def _instructions() -> Iterator[Gate]:
    ours = cold.instructions(cold.OURS, MODEL)
    peers = cold.instructions(cold.SLIM, MODEL)
    if ours and peers:
        yield Gate("instructions to the first answer", ours / 1e6, 200, 110, " M", 2)
        yield Gate("the same / python-onnxruntime", ours / peers, 0.4, None, number=2)


def _counts(folder: Path) -> Iterator[Gate]:
    seen = first_answer(folder)
    raw, packed = dependency_bytes(folder / "site")
    loaded = {name.partition(".")[0] for name in seen.modules}
    yield Gate("dependencies, raw", raw / 1e6, 40, 31, " MB", 8)
    yield Gate("dependencies, gz", packed / 1e6, 15, 12, " MB", 8)
    yield Gate("chunks touched", seen.total, 180, 120, "", 9)
    yield Gate("files touched", len(seen.chunks), 90, 55, "", 9)
    yield Gate(
        "heavy modules at the first answer", len(loaded & HEAVY), 0, None, "", 11
    )
    yield Gate(
        "files that differ between two builds", _differing(folder), 0, None, "", 12
    )


def _differing(folder: Path) -> int:
    """Files, and whole layers, that two builds of the same model do not share."""
    found: list[dict[str, bytes]] = []
    bundle_of(models.logistic(), folder / "first")
    saved = folder / "first" / "model"
    for name in ("one", "other"):
        work = folder / name
        site = work / "site"
        site.mkdir(parents=True)
        lay_out_runtime(site, this_python())
        entries = {**entries_of(site), **entries_of(packaged(saved, work))}
        write_tar(entries, work / "layer.tar")
        contents = {name: path.read_bytes() for name, path in entries.items()}
        found.append({**contents, "layer.tar": (work / "layer.tar").read_bytes()})
    one, other = found
    return sum(one.get(name) != other.get(name) for name in {*one, *other})
