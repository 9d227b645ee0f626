"""Images of tools: base, dependencies, our own code, and a handler as the command."""

from __future__ import annotations

import json
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from mlflow_serverless.build import tools
from mlflow_serverless.build.tools import tool_image
from mlflow_serverless.store import ContentStore
from mlflow_serverless.tools import Tool
from tests.fakes.tell import silent

HANDLER = "mlflow_serverless.relay.function:handler"
TOOL = Tool(name="relay", handler=HANDLER, requirements=("numpy",))


@pytest.fixture
def made(workshop):
    """Builds a tool's image."""

    def make(tool: Tool = TOOL, home: str = "", **more):
        root = workshop.root / home if home else workshop.shared
        return tool_image(tool, workshop.options(**more), ContentStore(root), silent)

    return make


def names(image, layer: str) -> set[str]:
    (found,) = (each for each in image.layers if each.name == layer)
    with tarfile.open(image.blob(found.digest)) as tar:
        return set(tar.getnames())


def test_two_homes_give_one_image(made, monkeypatch):
    """The same digest, wherever it is made; of less code, as compiling takes long."""
    monkeypatch.setattr(tools, "PACKAGES", ("lambda_runtime",))
    first, second = made(home="one"), made(home="two")

    assert first.folder != second.folder
    assert first.digest == second.digest


def test_it_holds_our_code_and_what_it_imports(made):
    """Every source with its bytecode; no model, and no library that was not named."""
    image = made()
    code = names(image, "runtime")
    sources = {name for name in code if name.endswith(".py")}
    dependencies = names(image, "dependencies")

    assert ["base", "dependencies", "runtime"] == [x.name for x in image.layers]
    assert "var/task/mlflow_serverless/relay/function.py" in sources
    assert "var/task/lambda_runtime/loop.py" in sources
    assert len(sources) == sum(name.endswith(".pyc") for name in code)
    assert "var/task/numpy/__init__.py" in dependencies
    assert not any("onnxruntime" in name for name in dependencies)
    assert f"numpy=={version('numpy')}" in image.spec.lock


def test_it_is_started_with_its_handler(made):
    """By our loop, as nobody, whichever entry the base has."""
    image = made()
    config = json.loads(image.blob(image.config_digest).read_text())["config"]

    assert [HANDLER] == config["Cmd"]
    assert ["-I", "-S", "/var/task/mlflow_serverless/tools/__main__.py"] == (
        config["Entrypoint"][1:]
    )
    assert Path(config["Entrypoint"][0]).name.startswith("python3.")
    assert ("993:990", "relay") == (
        config["User"], config["Labels"]["mlflow-serverless.tool"],
    )  # fmt: skip
    assert "mlflow-serverless" in image.sbom.read_text()


def test_another_handler_shares_every_layer(made):
    """Only the configuration differs, so that a second tool costs no upload."""
    one = made()
    other = made(Tool(name="other", handler="a:b", requirements=("numpy",)))

    assert one.layers == other.layers
    assert one.digest != other.digest


def test_a_tool_may_need_nothing(made):
    """Then there is no layer of dependencies."""
    image = made(Tool(name="bare", handler="a:b"))

    assert ["base", "runtime"] == [layer.name for layer in image.layers]
