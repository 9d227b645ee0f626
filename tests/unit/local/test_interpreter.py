"""Which Python runs a bundle: ours, or that of the environment it was proved in."""

import json
import sys

import pytest

from mlflow_serverless.local.interpreter import Interpreter, interpreter_for


def bundle_in(home, engine, options):
    folder = home / "bundles" / "d1"
    folder.mkdir(parents=True)
    manifest = {"engine": {"kind": engine}, "options": options}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_graph_needs_no_packages(tmp_path):
    """
    Its process is told of no folder at all.
    """
    found = interpreter_for(bundle_in(tmp_path, "ort-c", {}))

    assert Interpreter(sys.executable) == found
    assert {} == found.variables()


def test_a_library_is_found_where_we_find_it(tmp_path):
    """
    A native bundle of our own environment sees our installed packages.
    """
    options = {"native": {"environment": ""}}
    found = interpreter_for(bundle_in(tmp_path, "native", options))

    assert sys.executable == found.python
    assert any("site-packages" in path for path in found.site)
    assert "site-packages" in found.variables()["MLFLOW_SERVERLESS_SITE"]


def test_an_isolated_bundle_runs_in_its_environment(tmp_path):
    """
    The environment is found by its key, under the same home.
    """
    venv = tmp_path / "work" / "environment" / "k1" / "venv"
    site = venv / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    options = {"native": {"environment": "k1"}}
    found = interpreter_for(bundle_in(tmp_path, "native", options))

    assert Interpreter(str(venv / "bin" / "python"), (str(site),)) == found


def test_no_other_versions_stand_in_for_an_environment_that_is_gone(tmp_path):
    """
    Then nothing is found, and the runtime names the folder where it looked.
    """
    options = {"native": {"environment": "k1"}}
    found = interpreter_for(bundle_in(tmp_path, "native", options))

    assert not any("site-packages" in path for path in found.site)
    assert any("k1" in path for path in found.site)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"engine": 3}'])
def test_a_bundle_that_cannot_be_read_is_the_runtimes_to_report(tmp_path, text):
    """
    Whatever is wrong with it, starting the runtime says so best.
    """
    (tmp_path / "manifest.json").write_text(text)

    assert Interpreter(sys.executable) == interpreter_for(tmp_path)
