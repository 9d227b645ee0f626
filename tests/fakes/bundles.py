"""Bundles that hold something, for whom it does not matter what."""

import hashlib
import json
from pathlib import Path

from lambda_runtime import manifest as m
from lambda_runtime.manifest_write import to_plain
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import Packing, PutArtifact
from mlflow_serverless.world import Cloud


def make_bundle(folder: Path, content: bytes = b"graph") -> Bundle:
    """A sound bundle in *folder* with one file, `model.onnx`."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    manifest = m.Manifest(
        model=m.Model("models:/it/1"),
        engine=m.Engine(),
        inputs=(),
        outputs=(),
        variants=(m.Variant("portable", "model.onnx"),),
        signature=m.Signature(),
        feeds=(),
        answer=m.Answer(),
        files=(m.File("model.onnx", digest, len(content)),),
    )
    text = json.dumps(to_plain(manifest)).encode()
    (folder / "manifest.json").write_bytes(text)
    address = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return Bundle(folder=folder, digest=address, manifest=manifest)


def keep(cloud: Cloud, bundle: Bundle, name: str = "it") -> str:
    """Stage *bundle* and keep it; its address."""
    address = cloud.stage(bundle, Packing(name=name))
    cloud.perform(PutArtifact(name, address))
    return address
