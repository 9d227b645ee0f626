"""From how an image is to be packed to how it is built."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlflow_serverless.aws import AwsCloud
from mlflow_serverless.aws.images import options_of
from mlflow_serverless.build.errors import UnreadableListError
from mlflow_serverless.config import parse
from mlflow_serverless.plan import Packing, Place
from mlflow_serverless.preflight import inspect
from mlflow_serverless.topology import topology
from tests.fakes.bundles import make_bundle
from tests.fakes.tell import silent

DIGEST = f"sha256:{'0' * 64}"
PLACE = Place(region="us-east-1", account="123456789012")


def packing(**given: str) -> Packing:
    """What these options make of a packing."""
    return topology("fraud", parse(given), PLACE).packing


def test_a_lock_requirements_and_a_python_of_the_users_reach_the_builder(tmp_path):
    """The lock as it is, hashes and all; of requirements the lines that ask."""
    lock, wishes = tmp_path / "a.lock", tmp_path / "wishes.txt"
    lock.write_text("numpy==2.4.6 \\\n    --hash=sha256:00\n")
    wishes.write_text("# ours\nscikit-learn==1.9.0  # newest\n\n")
    given = {"image.lock": str(lock), "image.requirements": str(wishes)}
    options = options_of(packing(**given, **{"image.interpreter": sys.executable}))

    assert Path(sys.executable) == options.interpreter
    assert options_of(packing()).interpreter is None
    assert lock.read_text() == options.lock
    assert ("scikit-learn==1.9.0",) == options.requirements
    assert ("", ()) == (options_of(packing()).lock, options_of(packing()).requirements)


@pytest.mark.parametrize("option", ["image.lock", "image.requirements"])
def test_a_file_that_is_not_there_is_named(option, tmp_path):
    """With the option that named it."""
    asked = packing(**{option: str(tmp_path / "gone")})

    with pytest.raises(UnreadableListError, match="No such file") as refusal:
        options_of(asked)
    assert option in refusal.value.hint


def test_neighbours_to_mount_layers_from_are_kept_in_order():
    """The first that has a layer gives it."""
    asked = packing(**{"image.mount_from": "ml/base,ml/other"})

    assert ("ml/base", "ml/other") == asked.mount_from


def staged(folder, *, architecture: str = "amd64", layer: str = "tar.gzip"):
    """An image on disk, as far as preflight looks at it."""
    documents = {
        "manifest": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "layers": [{"mediaType": f"application/vnd.oci.image.layer.v1.{layer}"}],
        },
        "config": {"architecture": architecture},
    }
    for name, said in documents.items():
        (folder / name).write_text(json.dumps(said))
    spec = SimpleNamespace(
        base="public.ecr.aws/lambda/python:3.12", python="3.12", labels={"a": "b"}
    )
    return SimpleNamespace(
        digest=DIGEST, config_digest="config",
        blob=lambda name: folder / ("manifest" if name == DIGEST else name),
        unpacked_bytes=11 * 1024**3, spec=spec,
    )  # fmt: skip


def test_what_was_built_is_looked_at_before_it_is_pushed(access, want, tmp_path):
    """Size, layers and processor, off its own documents; of others nothing is known."""
    image = staged(tmp_path, architecture="arm64", layer="tar+zstd")
    cloud = AwsCloud(access, lambda *_: image, silent)
    bundle = make_bundle(tmp_path / "bundle", b"1")
    address = cloud.stage(bundle, Packing(name="it", repository="example.com/it"))
    known = cloud.facts(want())
    function = replace(want().function, artifact=address)
    facts = cloud.facts(replace(want(), function=function))

    assert known.image is None
    assert ("3.12", (("a", "b"),)) == (facts.image.python, facts.image.labels)
    assert {"image-size", "image-layer", "image-architecture"} <= {
        finding.code for finding in inspect(want(), facts)
    }
