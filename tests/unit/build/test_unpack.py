"""Layers become one folder, and nothing leaves it."""

from __future__ import annotations

import io
import tarfile

import pytest

from mlflow_serverless.build.errors import BaseUnsuitableError
from mlflow_serverless.build.unpack import unpack
from tests.fakes.base_image import tar_of


def layers(tmp_path, *contents):
    paths = []
    for number, files in enumerate(contents):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(tar_of(files))
        paths.append(path)
    return paths


def test_upper_layers_hide_and_remove(tmp_path):
    """A file is replaced, whited out, or gone with all of its folder."""
    below = {"a": b"old", "b": b"1", "c/one": b"1", "c/two": b"2"}
    above = {"a": b"newer", ".wh.b": b"", "c/.wh..wh..opq": b"", "c/three": b"3"}
    sizes = unpack(layers(tmp_path, below, above), tmp_path / "root", "base")
    root = tmp_path / "root"

    assert b"newer" == (root / "a").read_bytes()
    assert not (root / "b").exists()
    assert ["three"] == [path.name for path in (root / "c").iterdir()]
    assert (6, 6) == sizes


def test_absolute_links_mean_the_images_root(tmp_path):
    """Not this machine's."""
    files = {"usr/lib/x": b"image's", "etc/hostname": "/usr/lib/x"}
    unpack(layers(tmp_path, files), tmp_path / "root", "base")

    assert b"image's" == (tmp_path / "root/etc/hostname").read_bytes()


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/../out"])
def test_nothing_is_written_outside(tmp_path, name):
    """Whatever a name says."""
    unpack(layers(tmp_path, {name: b"x", "in": b"y"}), tmp_path / "root", "base")

    assert not (tmp_path / "out").exists()
    assert (tmp_path / "root/in").exists()


def test_links_lead_nothing_outside(tmp_path):
    """Neither through a link to a folder, nor by a hard link."""
    secret = tmp_path / "secret"
    secret.write_text("mine")
    below = {"door": "../../../../.." + str(tmp_path), "door2": ".."}
    above = {"door/planted": b"x", "door2/planted": b"x"}
    paths = layers(tmp_path, below, above)
    hard = io.BytesIO()
    with tarfile.open(fileobj=hard, mode="w") as tar:
        info = tarfile.TarInfo("copy")
        info.type, info.linkname = tarfile.LNKTYPE, "../secret"
        tar.addfile(info)
    (tmp_path / "hard.tar").write_bytes(hard.getvalue())
    unpack([*paths, tmp_path / "hard.tar"], tmp_path / "root", "base")

    assert not (tmp_path / "planted").exists()
    assert not (tmp_path / "root/copy").exists()


def test_what_is_no_tar_is_refused(tmp_path):
    """With the base's name."""
    (tmp_path / "x").write_bytes(b"no tar at all")

    with pytest.raises(BaseUnsuitableError, match="my/base"):
        unpack([tmp_path / "x"], tmp_path / "root", "my/base")
