"""A bundle is what its manifest says, byte for byte, wherever it was made."""

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambda_runtime.cache import pieces
from lambda_runtime.manifest import (
    PIECE_BYTES,
    Answer,
    Engine,
    Feed,
    Field,
    Param,
    Signature,
    Tensor,
    Variant,
)
from mlflow_serverless.convert import OnnxGraph
from mlflow_serverless.optimise import Artefact
from mlflow_serverless.package import BundleCorruptError, package, read_bundle
from mlflow_serverless.package.errors import BundleUnreadableError
from mlflow_serverless.package.packer import carry
from tests.fakes.resolved import MODEL


def make(folder: Path, into: Path, *, load_ms: float = 1.0, **model: Any):
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(b"graph")
    (folder / "model.data").write_bytes(b"weights")
    (folder / "twin.onnx").write_bytes(b"twin")
    artefacts = [
        artefact(folder, Variant("portable", "model.onnx", ("model.data",))),
        artefact(folder, Variant("gather", "twin.onnx", use="first"), load_ms=load_ms),
    ]
    return package(replace(MODEL, **model), artefacts, into, engine=Engine())


def artefact(
    folder: Path, variant: Variant, *, answer: str = "array", load_ms: float = 1.0
) -> Artefact:
    graph = OnnxGraph(
        file=folder / variant.file,
        inputs=(Tensor("x", "float32", (None, 1)),),
        outputs=(Tensor("y", "int64", (None,)),),
        feeds=(Feed("x", ("größe",)),),
        answer=Answer(answer, (Field("y", labels=("no", "yes")),)),
        opset=(("", 18),),
    )
    return Artefact(
        variant=variant,
        graph=graph,
        bytes=0,
        before_bytes=0,
        steps=(),
        load_ms=load_ms,
        run_us=None,
    )


def test_a_bundle_reads_back_as_it_was_made(tmp_path):
    """
    What the runtime will read is what we meant.
    """
    made = make(tmp_path / "work", tmp_path / "bundle")

    assert made == read_bundle(tmp_path / "bundle")
    assert ["model.data", "model.onnx", "twin.onnx"] == [
        file.path for file in made.manifest.files
    ]


def test_two_packagings_are_the_same_bytes(tmp_path):
    """
    Neither place nor time nor speed of the machine leaves a trace.
    """
    first = make(tmp_path / "one", tmp_path / "a", load_ms=2.5)
    second = make(tmp_path / "two", tmp_path / "b", load_ms=3.5)

    assert first.digest == second.digest
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_variants_are_bound_alike(tmp_path):
    """
    One manifest says how requests get into every variant, so they must agree.
    """
    make(tmp_path / "work", tmp_path / "a")
    artefacts = [
        artefact(tmp_path / "work", Variant("portable", "model.onnx")),
        artefact(tmp_path / "work", Variant("gather", "twin.onnx"), answer="table"),
    ]
    with pytest.raises(BundleUnreadableError, match="gather is bound otherwise"):
        package(MODEL, artefacts, tmp_path / "b", engine=Engine())


def test_another_model_is_another_bundle(tmp_path):
    """
    The digest covers where the model came from.
    """
    first = make(tmp_path / "work", tmp_path / "a")
    second = make(tmp_path / "work", tmp_path / "b", version="8")

    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda f: (f / "model.onnx").write_bytes(b"grapH"), "model.onnx was changed"),
        (lambda f: (f / "model.onnx").write_bytes(b""), "has 0 bytes, not 5"),
        (lambda f: (f / "twin.onnx").unlink(), "twin.onnx: No such file"),
        (lambda f: (f / "manifest.json").unlink(), "manifest.json: No such file"),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json: "),
        (lambda f: (f / "manifest.json").write_text('{"schema": 99}'), "schema 99"),
    ],
)
def test_damage_is_found(tmp_path, damage, why):
    """
    Nothing that was changed after packaging is taken for a bundle.
    """
    make(tmp_path / "work", tmp_path / "bundle")
    folder = tmp_path / "bundle"
    for path in folder.iterdir():  # the files are hard links to the work
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    damage(folder)

    with pytest.raises(BundleCorruptError, match=why):
        read_bundle(folder)


def test_a_manifest_cannot_name_files_elsewhere(tmp_path):
    """
    A bundle that points out of itself is not read.
    """
    make(tmp_path / "work", tmp_path / "bundle")
    file = tmp_path / "bundle" / "manifest.json"
    data = json.loads(file.read_text())
    data["files"][0]["path"] = "../elsewhere/model.data"
    file.write_text(json.dumps(data))

    with pytest.raises(BundleCorruptError, match="leads out"):
        read_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("default", [float("nan"), {1, 2}, (1, 2)])
def test_what_json_would_change_is_refused(tmp_path, default):
    """
    A value that would come back as another never gets into a bundle.
    """
    signature = Signature(params=(Param("t", "double", default),))
    with pytest.raises(BundleUnreadableError):
        make(tmp_path / "work", tmp_path / "bundle", signature=signature)


@pytest.mark.parametrize("over", [-1, 0, 1, PIECE_BYTES])
def test_large_files_carry_the_digests_of_their_pieces(tmp_path, over):
    """
    A file beyond one piece has every piece's digest, as the S3 tier checks them.
    """
    content = random.Random(over).randbytes(PIECE_BYTES + over)
    (tmp_path / "model.data").write_bytes(content)

    file = carry(tmp_path / "model.data", tmp_path / "bundle", "model.data")

    cut = [content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES)]
    expected = tuple(hashlib.sha256(piece).hexdigest() for piece in cut)
    assert (expected if over > 0 else ()) == file.pieces
    assert file.pieces == pieces.of(file)
    assert hashlib.sha256(content).hexdigest() == file.sha256
