"""What a cold start fetches from an image, in files and in chunks of 512 KiB."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.budget.cold_start import first_answer
from tests.fakes.bundle import native_library

CHUNKS, FILES = 120, 55
"""Touched from exec to the first answer, at most; Python's own are among them."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A small model's first answer, by the files that an image has."""
    return first_answer(tmp_path_factory.mktemp("touched"))


def test_few_chunks_are_touched(seen, record_testsuite_property):
    """Each may have to come over the network before the first answer."""
    record_testsuite_property("chunks_touched", seen.total)
    counts = {path: len(chunks) for path, chunks in seen.chunks.items()}

    assert seen.total <= CHUNKS, sorted(counts.items(), key=lambda one: -one[1])[:10]


def test_few_files_are_touched(seen, record_testsuite_property):
    """Native libraries, bytecode, the bundle: all of them together."""
    record_testsuite_property("files_touched", len(seen.chunks))

    assert len(seen.chunks) <= FILES, sorted(seen.chunks)


def test_what_is_touched_is_what_is_meant(seen):
    """The count sees the library, our bytecode, the graph, and the manifest."""
    names = {Path(path).name.partition(".")[0] for path in seen.chunks}

    assert {"libonnxruntime", "modules", "model", "manifest", "libc"} <= names
    assert len(seen.chunks[str(Path(native_library()).resolve())]) > 10
