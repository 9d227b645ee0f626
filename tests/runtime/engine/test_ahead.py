"""The library's start beside the imports: where it is wanted, and never a failure."""

from __future__ import annotations

import json

import pytest

from lambda_runtime.engine import ahead
from lambda_runtime.engine.capi import api_at
from lambda_runtime.engine.library import VARIABLE, find_library
from lambda_runtime.faults import BrokenBundle


@pytest.fixture
def loaded(monkeypatch):
    """Paths of the libraries that were asked for."""
    paths = []

    def api(path):
        paths.append(path)
        raise BrokenBundle("engine-missing", path)

    monkeypatch.setattr(ahead, "api_at", api)
    monkeypatch.setenv(VARIABLE, "/opt/lib.so")
    return paths


def bundle_with(folder, kind: str, **form: object) -> str:
    manifest = {"engine": {"kind": kind, "why": "ort-c"}, "tiers": [{"kind": "bundle"}]}
    (folder / "manifest.json").write_text(json.dumps(manifest, **form))
    return str(folder)


@pytest.mark.parametrize("form", [{}, {"separators": (",", ":")}, {"indent": 2}])
@pytest.mark.parametrize("kind", ["ort-c", "ort-python", "native"])
def test_only_the_engine_that_is_wanted_is_begun(tmp_path, loaded, kind, form):
    """However the manifest is laid out; a library that fails is no failure yet."""
    ahead.begin(bundle_with(tmp_path, kind, **form))

    assert (["/opt/lib.so"] if kind == "ort-c" else []) == loaded


def test_nothing_is_begun_without_a_name_or_a_manifest(tmp_path, loaded, monkeypatch):
    """Finding the library in a wheel is left to the session that needs it."""
    ahead.begin(str(tmp_path / "nowhere"))
    monkeypatch.delenv(VARIABLE)
    ahead.begin(bundle_with(tmp_path, "ort-c"))

    assert [] == loaded


def test_whoever_asks_meanwhile_waits_for_the_same_environment(tmp_path, monkeypatch):
    """One environment, whether the thread or the asker made it."""
    path = find_library()
    monkeypatch.setenv(VARIABLE, path)
    ahead.begin(bundle_with(tmp_path, "ort-c"))

    assert api_at(path).env.value
    assert api_at(path).env is api_at(path).env
