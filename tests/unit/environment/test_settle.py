"""Where a model is loaded: decided from what it recorded, made when it must be."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_runtime.manifest import Column, Signature
from mlflow_serverless.config import parse
from mlflow_serverless.environment import (
    PythonMissingError,
    RelayedError,
    UnresolvableError,
    WorkerFailedError,
    call,
    settle,
)
from mlflow_serverless.environment.settle import (
    installed,
    reason,
    recorded_python,
    requirements_for,
)
from mlflow_serverless.native import NativeSignatureError
from mlflow_serverless.pipeline import build
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import World
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import BLANK

OLD = "scikit-learn==1.8.0"
"""One minor release back from what is installed here."""


class Told:
    def __init__(self) -> None:
        self.events = []

    def __call__(self, event, /, **fields) -> None:
        self.events.append((event, fields))

    def said(self, event):
        return [
            str(fields.get("what")) for name, fields in self.events if name == event
        ]


@pytest.fixture
def world(tmp_path):
    return World(
        target="memory:", cloud=MemoryCloud(), store=ContentStore(tmp_path / "work"),
        downloads=tmp_path / "models", tell=Told(),
    )  # fmt: skip


def model_with(*requirements, folder=Path("nowhere"), flavor="sklearn"):
    return replace(BLANK, requirements=requirements, folder=folder, flavor=flavor)


def test_a_model_made_here_is_loaded_here(world):
    """
    Nothing is installed for a model whose versions are those of this machine.
    """
    same = model_with(f"scikit-learn=={installed('scikit-learn')}")

    assert "" == reason(same, "auto")
    assert settle(same, "auto", world) is None
    assert settle(model_with(OLD), "here", world) is None


def test_a_skew_is_named():
    """
    The reason says which library, which version was recorded, and which is here.
    """
    assert "scikit-learn 1.8.0 (here: " in reason(model_with(OLD), "auto")
    assert "asked for" in reason(model_with(), "isolated")


def test_what_makes_and_runs_graphs_is_ours_everywhere():
    """
    The model's own pins win but for onnx and onnxruntime, which it does not record.
    """
    lines = requirements_for(model_with(OLD, "mlflow==3.17.2", "PyYAML==6.0.1"))

    assert OLD == lines[0]
    assert f"onnxruntime=={installed('onnxruntime')}" in lines
    assert ["PyYAML==6.0.1"] == [line for line in lines if "yaml" in line.lower()]
    assert 1 == sum(line.startswith("mlflow") for line in lines)


def test_the_recorded_python_is_read(tmp_path):
    """
    `python_env.yaml` names it; without one, nothing is known.
    """
    assert () == recorded_python(tmp_path)
    (tmp_path / "python_env.yaml").write_text("python: 3.12.4\n")
    assert (3, 12) == recorded_python(tmp_path)


def test_a_python_that_is_not_here_is_named_with_those_that_are(world, tmp_path):
    """
    The hint says how to get it.
    """
    (tmp_path / "python_env.yaml").write_text("python: 3.99.1\n")
    with pytest.raises(PythonMissingError) as caught:
        settle(model_with(OLD, folder=tmp_path), "auto", world)

    assert "3.99" in caught.value.message
    assert f"{sys.version_info[0]}.{sys.version_info[1]}." in caught.value.message
    assert "uv python install 3.99" in caught.value.hint
    assert [] == list((tmp_path / "work" / "environment").glob("[!.]*"))


def test_our_own_python_stands_in_for_one_too_old_for_us(world, tmp_path):
    """
    Our code runs on 3.11 and later; that is told, not hidden.
    """
    (tmp_path / "python_env.yaml").write_text("python: 3.8.2\n")
    model = model_with("a==1 or 2", folder=tmp_path)
    with pytest.raises(UnresolvableError):
        settle(model, "isolated", world)

    assert any("3.8" in what for what in world.tell.said("environment.warning"))


def test_a_requirement_that_cannot_be_met_is_named(world, tmp_path):
    """
    A path that is not there needs no network to be refused.
    """
    model = model_with("scikit-learn @ file:///not/there.whl", folder=tmp_path)
    with pytest.raises(UnresolvableError) as caught:
        settle(model, "isolated", world)

    assert "scikit-learn" in caught.value.requirement
    assert "conversion.environment=here" in caught.value.hint
    assert [] == list((tmp_path / "work" / "environment").glob("[!.]*"))


def test_a_refusal_in_the_other_process_is_the_same_refusal(tmp_path):
    """
    Code, kind and words cross; this interpreter stands in for the other.
    """
    column = Column("tags", json.dumps({"type": "array"}))
    model = replace(BLANK, signature=Signature(columns=(column,)), folder=tmp_path)
    from mlflow_serverless.verify import ParityOptions

    with pytest.raises(RelayedError) as caught:
        call(
            Path(sys.executable), "native", model=model, folder=tmp_path / "out",
            why="", options=ParityOptions(),
        )  # fmt: skip

    assert (NativeSignatureError.code, NativeSignatureError.kind) == (
        caught.value.code, caught.value.kind,
    )  # fmt: skip
    assert "tags" in caught.value.message


def test_a_crash_in_the_other_process_says_where():
    """
    What nobody foresaw is told with its place.
    """
    with pytest.raises(WorkerFailedError) as caught:
        call(Path(sys.executable), "question", wrong=1)

    assert "question failed" in caught.value.message


def test_progress_in_the_other_process_is_told_in_this_one(tmp_path):
    """
    Events come over while the work goes on; a script stands in for the interpreter.
    """
    other = tmp_path / "python"
    other.write_text(
        "#!/bin/sh\n"
        """echo '["verify.progress", {"part": 0.5}]' > /proc/self/fd/$5\n"""
        """echo '{"value": 7}' > "$4/answer.json"\n"""
    )
    other.chmod(0o755)
    told = Told()

    assert 7 == call(other, "verify", tell=told)
    assert [("verify.progress", {"part": 0.5})] == told.events


@pytest.mark.slow
def test_a_model_of_an_older_library_is_proved_against_that_library(world, tmp_path):
    """
    Saved with one release and deployed beside another: what is compared with, and
    what converts, is the recorded release; the second time nothing is installed.
    """
    import mlflow
    from mlflow.models import infer_signature

    from mlflow_serverless.resolve import resolve
    from tests.models.canonical import customers

    data = customers(200)[["balance"]]
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(data, data["balance"] > 0)
    mlflow.sklearn.save_model(
        model, tmp_path / "model", serialization_format="cloudpickle",
        signature=infer_signature(data, model.predict(data)), input_example=data[:3],
        pip_requirements=[
            OLD, "mlflow-skinny==3.17.2", f"pandas=={installed('pandas')}",
            f"cloudpickle=={installed('cloudpickle')}",
        ],
    )  # fmt: skip
    servable = resolve(str(tmp_path / "model"), downloads=tmp_path / "d", flavor=None)
    config = parse({"parity.samples": 50, "parity.boundary_rows": 50})

    first = build(servable, config, world)
    again = build(servable, config, world)

    assert first.parity.passed
    assert ("scikit-learn", "1.8.0") in first.parity.libraries
    assert first.bundle.digest == again.bundle.digest
    assert "ort-c" == first.bundle.manifest.engine.kind
    assert 1 == len(world.tell.said("environment.done"))
    assert 1 == len(world.tell.said("environment.kept"))
    assert "asks the model: drawn" in world.tell.said("verify.progress")
