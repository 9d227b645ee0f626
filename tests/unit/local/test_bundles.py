"""Bundles are whole and sound, or not there."""

import dataclasses
import hashlib
import json
import os

import pytest

from lambda_runtime.manifest import File
from lambda_runtime.manifest_write import to_plain
from mlflow_serverless.local import bundles
from mlflow_serverless.local.errors import BundleDamagedError, BundleMissingError
from mlflow_serverless.local.layout import Layout
from tests.fakes.bundles import make_bundle


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "root")


@pytest.fixture
def bundle(tmp_path):
    return make_bundle(tmp_path / "bundle")


def listing(bundle, *files: File):
    """*bundle* with a manifest that lists *files*."""
    manifest = bundle.manifest._replace(files=files)
    text = json.dumps(to_plain(manifest)).encode()
    (bundle.folder / "manifest.json").write_bytes(text)
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return dataclasses.replace(bundle, manifest=manifest, digest=digest)


def test_a_bundle_is_kept_under_its_digest(layout, bundle):
    """With every file it lists, and nothing else."""
    (bundle.folder / "notes.txt").write_text("not listed")

    address = bundles.keep(layout, bundle)

    kept = bundles.find(layout, address)
    assert bundle.digest == address
    assert {"manifest.json", "model.onnx"} == {path.name for path in kept.iterdir()}
    bundles.verify(kept, address)


def test_keeping_it_again_writes_nothing(layout, bundle):
    """What is there and sound is left alone."""
    kept = bundles.find(layout, bundles.keep(layout, bundle))
    before = bundles.marks(kept)

    bundles.keep(layout, bundle)

    assert before == bundles.marks(kept)


def test_a_kept_bundle_that_was_damaged_is_replaced(layout, bundle):
    """Deploying again puts it right."""
    kept = bundles.find(layout, bundles.keep(layout, bundle))
    (kept / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(BundleDamagedError):
        bundles.verify(kept, bundle.digest)

    bundles.keep(layout, bundle)

    bundles.verify(kept, bundle.digest)
    assert [kept.name] == [path.name for path in kept.parent.iterdir()]


@pytest.mark.parametrize("harm", ["changed", "missing", "truncated", "manifest"])
def test_a_damaged_source_is_refused_and_nothing_is_kept(layout, bundle, harm):
    """A bundle that is not what its digests say is never visible."""
    graph = bundle.folder / "model.onnx"
    match harm:
        case "changed":
            graph.write_bytes(b"grapH")
        case "missing":
            graph.unlink()
        case "truncated":
            graph.write_bytes(b"gra")
        case "manifest":
            (bundle.folder / "manifest.json").write_text("{}")

    with pytest.raises(BundleDamagedError):
        bundles.keep(layout, bundle)

    assert list((layout.root / "bundles").iterdir()) == []


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "a/../../outside"])
def test_a_manifest_that_points_outside_is_refused(layout, bundle, path):
    """Nothing is read from, or written to, anywhere else."""
    evil = listing(bundle, File(path, "0" * 64, 1))

    with pytest.raises(BundleDamagedError, match="outside"):
        bundles.keep(layout, evil)

    assert not (layout.root / "outside").exists()


def test_files_may_lie_in_folders(layout, bundle):
    """Relative paths are kept as they are."""
    (bundle.folder / "w").mkdir()
    (bundle.folder / "w" / "data").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()

    address = bundles.keep(layout, listing(bundle, File("w/data", digest, 7)))

    kept = bundles.find(layout, address)
    assert (kept / "w" / "data").read_bytes() == b"weights"


def test_what_nothing_refers_to_is_swept_after_a_while(layout, tmp_path):
    """Not what is used, nor what was put, or put again, just now."""
    made = [make_bundle(tmp_path / f"b{i}", str(i).encode()) for i in range(4)]
    used, old, again, fresh = (bundles.keep(layout, bundle) for bundle in made)
    draft = layout.root / "bundles" / ".draft-killed"
    draft.mkdir()
    for path in (*(layout.bundle(a) for a in (used, old, again)), draft):
        os.utime(path, (1.0, 1.0))
    bundles.keep(layout, made[2])

    bundles.sweep(layout, frozenset((used,)), before=1000.0)

    left = {path.name for path in (layout.root / "bundles").iterdir()}
    assert {layout.bundle(address).name for address in (used, again, fresh)} == left


@pytest.mark.parametrize("address", ["sha256:none", "", "sha256:", "../../etc"])
def test_what_is_not_kept_is_missing(layout, address):
    """With what to do about it."""
    with pytest.raises(BundleMissingError, match="deploy the model again"):
        bundles.find(layout, address)
