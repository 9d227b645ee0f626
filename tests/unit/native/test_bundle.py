"""What a bundle says of where its model was proved."""

from dataclasses import replace

import pytest

from lambda_runtime.manifest import Answer, Feed, Field, Tensor
from lambda_runtime.native.recipe import KEY, Recipe
from mlflow_serverless.native.bundle import Draft, write
from tests.fakes.resolved import MODEL


@pytest.mark.parametrize(
    ("environment", "carried"), [("", None), ("abc", ["xgboost==1.7.6"])]
)
def test_an_isolated_environment_can_be_made_again(tmp_path, environment, carried):
    """Else the image would be built of whatever happens to be installed here."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("MLmodel", "model.skops"):
        (folder / name).write_text(name)
    model = replace(MODEL, folder=folder, requirements=("xgboost==1.7.6",))
    draft = Draft(
        recipe=Recipe(loader="sklearn", format="skops", file="model.skops"),
        why="no graph", environment=environment,
        inputs=(Tensor("x", "float32", (None, 1)),), feeds=(Feed("x", ("a",)),),
        outputs=(Tensor("y", "float32", (None,)),),
        answer=Answer("array", (Field("y"),)),
    )  # fmt: skip

    said = write(model, draft, tmp_path / "bundle").manifest.options[KEY]

    assert environment == said["environment"]
    assert carried == said.get("requirements")
