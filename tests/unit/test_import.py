"""Importing is light; what is offered is there."""

import subprocess
import sys

import mlflow_serverless

HEAVY = {
    "click",
    "mlflow",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "pydantic",
    "rich",
}


def modules_after(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_importing_the_package_imports_nothing_else():
    """
    A training script pays for serving only when it deploys.
    """
    before = modules_after("pass")
    extra = modules_after("import mlflow_serverless") - before

    ours = {name for name in extra if name.startswith(("mlflow_s", "lambda_"))}
    assert {
        "mlflow_serverless", "lambda_runtime", "lambda_runtime.packed",
        "lambda_runtime.version",
    } == ours  # fmt: skip
    assert len(extra - ours) < 40
    assert not HEAVY & extra


def test_the_command_line_starts_without_mlflow():
    """
    `mlflow-serverless --help` does not wait for MLflow.
    """
    loaded = modules_after("import mlflow_serverless.cli")

    assert not {"mlflow", "onnx", "onnxruntime", "pandas", "sklearn"} & loaded


def test_everything_offered_is_there():
    """
    Names that are loaded when they are used exist when they are used.
    """
    for name in mlflow_serverless.__all__:
        assert getattr(mlflow_serverless, name) is not None
        assert name in dir(mlflow_serverless)


def test_what_is_not_offered_is_missing_as_usual():
    """
    A typo gets Python's own error.
    """
    assert not hasattr(mlflow_serverless, "depoly")
