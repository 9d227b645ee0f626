"""Libraries are checked against the machine and the C library they will meet."""

from __future__ import annotations

import pytest

from mlflow_serverless.build.elf import (
    glibc_defined,
    glibc_needed,
    is_elf,
    machine_of,
    require_fit,
)
from mlflow_serverless.build.errors import GlibcError, WrongArchitectureError
from tests.fakes.base_image import OURS, for_machine, libc
from tests.fakes.bundle import native_library

HERE = {"amd64": "x86_64", "arm64": "arm64"}[OURS]
THERE = {"x86_64": "arm64", "arm64": "x86_64"}[HERE]


def fit(path, *, architecture=HERE, glibc=(2, 34)):
    return require_fit(path.parent, [path], architecture, "the base", glibc)


def test_onnxruntime_fits_amazon_linux_2023():
    """The library that most images carry: glibc 2.34 is enough, its needs are known."""
    library = native_library()

    assert HERE == machine_of(library)
    assert (2, 17) <= glibc_needed(library) <= (2, 28)
    assert 1 == fit(library)


def test_a_library_that_needs_a_newer_glibc_is_refused():
    """With both versions, before it fails at a cold start."""
    with pytest.raises(GlibcError, match=r"the base has 2\.5"):
        fit(native_library(), glibc=(2, 5))


def test_a_library_for_another_processor_is_refused(tmp_path):
    """With both processors."""
    path = tmp_path / "lib.so"
    path.write_bytes(
        for_machine(libc().read_bytes(), {"x86_64": "amd64"}.get(THERE, THERE))
    )

    with pytest.raises(WrongArchitectureError, match=f"{THERE}.*{HERE}"):
        fit(path)


def test_a_broken_library_is_refused(tmp_path):
    """The first bytes alone do not make one."""
    path = tmp_path / "lib.so"
    path.write_bytes(b"\x7fELF" + b"\x00" * 20)

    with pytest.raises(WrongArchitectureError):
        fit(path)


def test_what_is_no_library_passes(tmp_path):
    """Texts and links are not asked."""
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b").symlink_to("nowhere")

    assert 0 == fit(tmp_path / "a.py") == fit(tmp_path / "b")
    assert is_elf(libc())


def test_a_c_library_says_its_release():
    """Read off the file, as the base's is."""
    import platform

    release = tuple(map(int, platform.libc_ver()[1].split(".")[:2]))
    assert release == glibc_defined(libc())
