"""What MLflow is told of a deployment, and what is taken back."""

from dataclasses import replace
from pathlib import Path

from mlflow.tracking import MlflowClient

from mlflow_serverless.pipeline import Deployment
from mlflow_serverless.provenance import record, rolled_out, said_of, withdraw
from mlflow_serverless.resolve import resolve

DONE = Deployment(
    name="prove", target="memory:", alias="live", version="3", model="models:/fraud/2",
    flavor="sklearn", bundle="sha256:1", parity="equal", changed=(),
)  # fmt: skip


class Told(list):
    def __call__(self, event, /, **fields) -> None:
        self.append((event, fields["what"]))


def tags(version="2"):
    return MlflowClient().get_model_version("fraud", version).tags


def kept(shop):
    found = MlflowClient().list_artifacts(shop.run_id, "mlflow-serverless/prove")
    return [item.path.rpartition("/")[2] for item in found]


def test_a_version_says_where_it_runs_until_it_does_not(shop, tmp_path):
    """
    Tags and reports are written once, and the tags go when the traffic does.
    """
    model = resolve("models:/fraud/2", downloads=tmp_path / "models")
    model = replace(model, run_id=shop.run_id)
    report = tmp_path / "parity.json"
    report.write_text("{}")
    told = Told()
    for _ in range(2):
        record(model, DONE, {"parity.json": report}, told)

    assert 1 == len(told)
    assert said_of(DONE).items() <= tags().items()
    assert ["parity.json"] == kept(shop)
    withdraw("models:/fraud/2", "prove", told)
    assert not [key for key in tags() if key.startswith("mlflow_serverless.prove.")]
    assert "not served" in told[-1][1]


def test_a_logged_model_is_tagged_too(shop, tmp_path):
    """
    A model that was never registered says where it runs as well.
    """
    uri = f"models:/{shop.logged[0]}"
    model = resolve(uri, downloads=tmp_path / "models")
    record(model, replace(DONE, model=uri), {}, Told())
    found = MlflowClient().get_logged_model(shop.logged[0]).tags

    assert "prove" == found["mlflow_serverless.prove.function"]


def test_a_store_that_refuses_is_a_warning(shop, tmp_path):
    """
    The model is served; that its store could not be told fails nothing.
    """
    model = resolve("models:/fraud/2", downloads=tmp_path / "models")
    told = Told()
    record(replace(model, uri="models:/gone/1"), DONE, {}, told)
    withdraw("models:/gone/1", "prove", told)

    assert ["record.warning"] * 2 == [event for event, _ in told]
    assert "gone" in told[0][1]


def test_a_folder_has_no_tags(tmp_path, shop):
    """
    A model in a folder belongs to no store; nothing is written, nothing is wrong.
    """
    model = resolve(str(shop.saved), downloads=tmp_path / "models")
    told = Told()
    record(model, DONE, {"x": Path("x")}, told)

    assert [] == told


def test_how_a_rollout_went_stays_when_the_model_is_served_no_more(shop, tmp_path):
    """
    Tags of their own and the report are written once, and outlive what serves.
    """
    report = tmp_path / "rollout.html"
    report.write_text("<!doctype html>")
    told, outcome = Told(), {"outcome": "rolled-back", "reason": "errors"}
    for _ in range(2):
        rolled_out("models:/fraud/2", "prove", outcome, [report], told)
    withdraw("models:/fraud/2", "prove", told)

    assert 1 == len(told)
    assert "rolled-back" == tags()["mlflow_serverless_rollout.prove.outcome"]
    assert "rollout.html" in kept(shop)
