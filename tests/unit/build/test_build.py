"""From a bundle to an image: the same inputs give the same digest."""

from __future__ import annotations

import gzip
import importlib.util
import json
import marshal
import os
import re
import shutil
import struct
import sys
import tarfile
from pathlib import Path

import pytest

from lambda_runtime import packed
from mlflow_serverless import limits
from mlflow_serverless.build import draft, layers, needs
from mlflow_serverless.build.elf import machine_of
from mlflow_serverless.build.errors import (
    BaseArchitectureError,
    BasePythonError,
    BaseTooOldError,
    BaseUnsuitableError,
    CompilerMissingError,
    DependenciesError,
    ImageTooLargeError,
)
from mlflow_serverless.build.manifest import digest_of
from mlflow_serverless.build.unpack import unpack
from mlflow_serverless.package import BundleCorruptError, read_bundle
from mlflow_serverless.package.bundle import Bundle
from mlflow_serverless.store import digest_file
from tests.fakes import base_image
from tests.fakes.bundle import write_bundle
from tests.fakes.tell import Heard


def members(image, name: str) -> dict[str, tarfile.TarInfo]:
    """What is in the layer *name*."""
    (layer,) = (layer for layer in image.layers if layer.name == name)
    with tarfile.open(image.blob(layer.digest)) as tar:
        return {member.name: member for member in tar}


def test_two_homes_give_one_image(workshop, tmp_path):
    """Byte for byte, with another folder, another time and other file modes."""
    first = workshop.build("one")
    again = read_bundle(write_bundle(tmp_path / "elsewhere" / "bundle"))
    for path in again.folder.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    second = workshop.build("two", bundle=again)

    assert first.folder != second.folder
    assert first.digest == second.digest
    files = [sorted(p.relative_to(x.folder) for p in x.folder.rglob("*") if p.is_file())
             for x in (first, second)]  # fmt: skip
    assert files[0] == files[1]
    assert all(
        digest_file(first.folder / path) == digest_file(second.folder / path)
        for path in files[0]
    )


def test_every_blob_is_what_it_is_called(workshop):
    """Digests, sizes and diff ids are those of the bytes."""
    image = workshop.build()
    manifest = json.loads(image.blob(image.digest).read_text())
    config = json.loads(image.blob(image.config_digest).read_text())

    for layer, said, diff_id in zip(
        image.layers, manifest["layers"], config["rootfs"]["diff_ids"], strict=True
    ):
        path = image.blob(layer.digest)
        assert layer.digest == f"sha256:{digest_file(path)}" == said["digest"]
        assert layer.bytes == path.stat().st_size == said["size"]
        with gzip.open(path) as tar:
            digest = digest_of(tar.read())
        assert layer.diff_id == diff_id == digest
    assert len(image.layers) == len(config["history"])


def test_the_layers_are_base_dependencies_runtime_model(workshop):
    """Each holds its own, and nothing of the others'."""
    image = workshop.build()
    library = "var/task/lib/libonnxruntime.so"

    assert ["base", "dependencies", "runtime", "model"] == [
        layer.name for layer in image.layers
    ]
    assert library in members(image, "dependencies")
    assert not [n for n in members(image, "dependencies") if n.endswith("late.py")]
    assert "var/task/onnxruntime/__init__.py" not in members(image, "dependencies")
    assert "var/task/lambda_runtime/__main__.py" in members(image, "runtime")
    assert ["var", "var/task", "var/task/bundle", "var/task/bundle/manifest.json",
            "var/task/bundle/model.onnx"] == list(members(image, "model"))  # fmt: skip


def test_everybody_may_read_and_root_owns(workshop):
    """Lambda's user is nobody in particular; nothing may be written, nothing is odd."""
    image = workshop.build()

    for name in ("dependencies", "runtime", "model"):
        for member in members(image, name).values():
            assert (0, 0, 0, "", "") == (
                member.uid, member.gid, member.mtime, member.uname, member.gname
            )  # fmt: skip
            assert member.isdir() or member.isreg()
            assert member.mode in ({0o755} if member.isdir() else {0o644, 0o755})
            assert not member.pax_headers


def test_every_source_has_bytecode_that_is_never_checked(workshop):
    """Of the base's release, by hash and unchecked: a read-only disk keeps no other."""
    image = workshop.build()

    assert sources(image, "dependencies") == compiled(image, "dependencies")
    assert {name for name in sources(image, "runtime") if name in layers.DOORSTEP} == (
        compiled(image, "runtime")
    )
    assert set() == compiled(image, "model")


def test_the_runtimes_bytecode_is_one_file(workshop):
    """Every module has its code there, but those that are read before it is found."""
    image = workshop.build()
    (content,) = contents(image, "runtime", packed.FILE).values()
    size = int.from_bytes(content[4:8], "little")
    index = marshal.loads(content[8 : 8 + size])
    codes = content[8 + size :]

    assert importlib.util.MAGIC_NUMBER == content[:4]
    assert sources(image, "runtime") - set(layers.DOORSTEP) == set(index)
    for name, (offset, length, whole) in index.items():
        code = marshal.loads(codes[offset : offset + length])
        path = f"/var/task/{name.replace('.', '/')}"
        assert (f"{path}/__init__.py" if whole else f"{path}.py") == code.co_filename


def contents(image, layer: str, suffix: str) -> dict[str, bytes]:
    """Files of a layer whose names end so."""
    (found,) = (one for one in image.layers if one.name == layer)
    with tarfile.open(image.blob(found.digest)) as tar:
        return {
            member.name: tar.extractfile(member).read()
            for member in tar
            if member.name.endswith(suffix)
        }


def sources(image, layer: str) -> set[str]:
    """Modules of a layer, with dots."""
    paths = {Path(name) for name in members(image, layer) if name.endswith(".py")}
    dotted = {".".join(p.relative_to("var/task").with_suffix("").parts) for p in paths}
    return {name.removesuffix(".__init__") for name in dotted}


def compiled(image, layer: str) -> set[str]:
    """Those that have a compiled file beside them, which must be as it is wanted."""
    found = set()
    for name, content in contents(image, layer, ".pyc").items():
        assert importlib.util.MAGIC_NUMBER == content[:4]
        assert (0b01,) == struct.unpack("<I", content[4:8])
        source = Path(importlib.util.source_from_cache(name))
        dotted = ".".join(source.relative_to("var/task").with_suffix("").parts)
        found.add(dotted.removesuffix(".__init__"))
    return found


def test_a_new_model_changes_only_its_layer(workshop, tmp_path):
    """So only that travels: what is below keeps its digest, and was not made again."""
    first = workshop.build()
    other = read_bundle(write_bundle(tmp_path / "other", engine="ort-c"))
    text = (other.folder / "manifest.json").read_text()
    (other.folder / "manifest.json").write_text(text.replace("small/3", "small/4"))
    second = workshop.build(bundle=read_bundle(other.folder))

    assert first.layers[:-1] == second.layers[:-1]
    assert first.layers[-1] != second.layers[-1]


def test_the_image_says_what_it_is(workshop):
    """Start, user, variables and labels; what the base sets stays."""
    image = workshop.build(labels={"team": "risk"}, environment={"A": "b"})
    config = json.loads(image.blob(image.config_digest).read_text())["config"]
    labels = config["Labels"]

    assert [base_image.PYTHON, "-I", "-S", "/var/task/lambda_runtime/__main__.py"] == (
        config["Entrypoint"]
    )
    assert "993:990" == config["User"]
    bundle = "MLFLOW_SERVERLESS_BUNDLE=/var/task/bundle"
    assert {"A=b", "LANG=en_US.UTF-8", "ORT_DISABLE_TELEMETRY=1", bundle} < set(
        config["Env"]
    )
    assert "models:/small/3" == labels["mlflow-serverless.model"]
    assert workshop.bundle.digest == labels["mlflow-serverless.bundle"]
    assert image.spec.base_digest == labels["org.opencontainers.image.base.digest"]
    assert ("base", "risk") == (labels["from"], labels["team"])
    assert "Allow" == labels["com.amazonaws.lambda.feature.snapstart"]


def test_a_build_that_changes_nothing_does_nothing(workshop):
    """The second one finds everything, and says so."""
    heard = Heard()
    first = workshop.build()
    second = workshop.build(tell=heard)

    assert first == second
    assert "build.kept" == heard.events[-1][0]


def test_the_base_is_asked_for_by_digest_once(workshop):
    """After that only the tag is looked up; by digest not even that."""
    workshop.build()
    workshop.registry.asked.clear()
    workshop.build()
    tag_only = list(workshop.registry.asked)
    workshop.registry.asked.clear()
    digest = workshop.build().spec.base_digest
    workshop.registry.asked.clear()
    base = f"{workshop.registry.host}/{base_image.REPOSITORY}@{digest}"
    workshop.build(base=base)

    assert ["GET /v2/lambda/python/manifests/3"] == tag_only
    assert [] == workshop.registry.asked


def test_the_other_processor_gets_its_own_libraries(workshop):
    """One image of one architecture, out of an index; its libraries are for it."""
    image = workshop.build(architecture="arm64")
    config = json.loads(image.blob(image.config_digest).read_text())
    (layer,) = (layer for layer in image.layers if layer.name == "dependencies")
    unpack([image.blob(layer.digest)], workshop.root / "x", "ours")

    assert "arm64" == config["architecture"]
    library = workshop.root / "x/var/task/lib/libonnxruntime.so"
    assert "arm64" == machine_of(library)
    assert "sha256:" + "9" * 64 not in image.folder.joinpath("index.json").read_text()


def test_a_lock_is_followed(workshop, monkeypatch):
    """Given back, it resolves nothing and gives the same image; a changed one fails."""
    first = workshop.build()
    text = first.lock.read_text()

    monkeypatch.setitem(needs.PINNED, "orjson", "99.0")
    assert first.digest == workshop.build(lock=text).digest
    with pytest.raises(DependenciesError):
        workshop.build(lock=re.sub("sha256:..", "sha256:00", text))


def test_the_bill_names_everything(workshop):
    """Base, model, runtime and every wheel, with their versions; no time of making."""
    image = workshop.build()
    bill = json.loads(image.sbom.read_text())
    names = {item["name"] for item in bill["components"]}

    assert {"onnxruntime", "orjson", "uvicorn", "lambda_runtime", "models:/small/3",
            image.spec.base} <= names  # fmt: skip
    assert "1.5" == bill["specVersion"]
    assert bill["metadata"]["timestamp"].startswith("2026-01-02T03:04:05")
    assert image.digest == bill["metadata"]["component"]["version"]


def test_a_base_without_the_architecture_is_refused(workshop):
    """With the architectures that it has."""
    base = f"{workshop.registry.host}/{base_image.REPOSITORY}:amd64"

    with pytest.raises(BaseArchitectureError, match="x86_64"):
        workshop.build(base=base, architecture="arm64")


def test_a_base_with_another_python_is_refused(workshop):
    """What was asked for is checked against the files, not the name."""
    with pytest.raises(BasePythonError, match=base_image.MINOR):
        workshop.build(python="3.99")


def test_a_compiler_of_another_release_is_refused(workshop, tmp_path):
    """Its bytecode would not be read."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 3.7.1\n")
    fake.chmod(0o755)

    with pytest.raises(BasePythonError, match=r"3\.7\.1"):
        workshop.build(interpreter=fake)


def test_a_machine_that_cannot_compile_says_what_to_type(workshop, tmp_path):
    """No bytecode is no image: the error names the interpreter to pass."""
    with pytest.raises(CompilerMissingError, match="bytecode") as caught:
        workshop.build(interpreter=tmp_path / "nothing")

    assert f"uv python find {base_image.MINOR}" in caught.value.hint


@pytest.mark.parametrize(
    "missing, why", [("libc.so.6", "glibc"), ("python", "python3")]
)
def test_a_base_that_is_none_is_refused(workshop, missing, why):
    """Without glibc no wheel runs; without Python nothing does."""
    files = {k: v for k, v in base_image.base_files().items() if missing not in k}
    base_image.publish(workshop.registry, "bare", files=files)

    with pytest.raises(BaseUnsuitableError, match=why):
        workshop.build(base=f"{workshop.registry.host}/{base_image.REPOSITORY}:bare")


def test_a_base_with_zstd_layers_is_refused(workshop):
    """Lambda takes gzip alone."""
    kind = "application/vnd.oci.image.layer.v1.tar+zstd"
    base_image.publish(workshop.registry, "zstd", media_type=kind)

    with pytest.raises(BaseUnsuitableError, match="zstd"):
        workshop.build(base=f"{workshop.registry.host}/{base_image.REPOSITORY}:zstd")


def test_a_wheel_that_is_not_there_is_named(workshop, monkeypatch):
    """With the platform it is missing for."""
    monkeypatch.setitem(needs.PINNED, "orjson", "99.0")

    with pytest.raises(DependenciesError, match="orjson==99") as caught:
        workshop.build()
    assert "manylinux" in caught.value.message


def test_a_damaged_bundle_is_not_packed(workshop, tmp_path):
    """Its file is named, and nothing is kept under the good digest."""
    broken = tmp_path / "broken"
    shutil.copytree(workshop.bundle.folder, broken)
    (broken / "model.onnx").write_bytes(b"other")
    bundle = Bundle(folder=broken, digest=workshop.bundle.digest,
                    manifest=workshop.bundle.manifest)  # fmt: skip

    with pytest.raises(BundleCorruptError, match=r"model\.onnx"):
        workshop.build("damaged", bundle=bundle)
    again = workshop.build("damaged")
    assert workshop.bundle.manifest.files[0].bytes < again.layers[-1].unpacked_bytes


def test_more_than_lambda_unpacks_is_refused(workshop, monkeypatch):
    """With the sizes of the layers, before anything is pushed."""
    monkeypatch.setattr(draft, "IMAGE_BYTES", 1 << 20)

    with pytest.raises(ImageTooLargeError, match="dependencies"):
        workshop.build()
    assert 10 * 2**30 == limits.IMAGE_BYTES


def test_glibc_decides_what_is_resolved(workshop, monkeypatch):
    """A base that is too old for current wheels is refused, not given old ones."""
    old = (2, 26)
    with pytest.raises(BaseTooOldError, match=r"2\.26"):
        layers.wheel_platform("x86_64", "amazonlinux:2", old)
    assert "x86_64-manylinux_2_34" == layers.wheel_platform("x86_64", "b", (2, 34))
    assert "aarch64-manylinux_2_28" == layers.wheel_platform("arm64", "b", (2, 30))
    assert sys.version_info >= (3, 11)
