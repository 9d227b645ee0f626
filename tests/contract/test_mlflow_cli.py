"""Every command of `mlflow deployments`, through MLflow's own runner."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mlflow.deployments import cli, get_deploy_client
from mlflow.exceptions import MlflowException

from tests.fakes.shop import table

pytestmark = pytest.mark.emulator
TARGET = "lambda:/local"


def run(command, *words):
    return CliRunner().invoke(command, ["-t", TARGET, *words])


def refused(command, *words):
    result = run(command, *words)
    assert 1 == result.exit_code
    assert isinstance(result.exception, MlflowException), result.output
    return result.exception


@pytest.fixture(scope="module")
def native(shop):
    import mlflow

    model = mlflow.pyfunc.load_model("models:/fraud/1")
    return model.predict(table()).tolist()


def test_create_prints_what_was_made(deployed, shop):
    """
    Creating what is there already succeeds, and changes nothing.
    """
    result = run(
        cli.create_deployment, "--name", "fraud", "-m", "models:/fraud@champion"
    )

    assert 0 == result.exit_code, result.output
    assert "sklearn deployment fraud is created" in result.output


def test_create_over_another_is_a_conflict(deployed, shop):
    """
    The name is taken: say by what, and what to do.
    """
    error = refused(cli.create_deployment, "--name", "fraud", "-m", "models:/fraud/2")

    assert "RESOURCE_ALREADY_EXISTS" == error.error_code
    assert "serves models:/fraud/1" in str(error)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--name", "a b", "-m", "models:/fraud/1"], "INVALID_PARAMETER_VALUE", "a b"),
        (["--name", "x", "-m", "models:/fraud/9"], "RESOURCE_DOES_NOT_EXIST", "1, 2"),
        (["--name", "x", "-m", "fraud"], "RESOURCE_DOES_NOT_EXIST", "no folder fraud"),
        (
            ["--name", "x", "-m", "models:/fraud/1", "-C", "memory=1", "-C", "smoke=7"],
            "INVALID_PARAMETER_VALUE", "did you mean memory_mb",
        ),
        (
            ["--name", "x", "-m", "models:/fraud/1", "-f", "xgboost"],
            "INVALID_PARAMETER_VALUE", "python_function, sklearn",
        ),
    ],
)  # fmt: skip
def test_bad_input_changes_nothing(deployed, words, code, said):
    """
    Every refusal has MLflow's code, one line, and leaves no deployment.
    """
    error = refused(cli.create_deployment, *words)

    assert code == error.error_code
    assert said in str(error)
    assert "\n" not in str(error)
    assert ["fraud"] == [
        d["name"] for d in get_deploy_client(TARGET).list_deployments()
    ]


def test_list_and_get_show_the_deployment(deployed):
    """
    Dictionaries with a name, as MLflow prints them.
    """
    assert "'name': 'fraud'" in run(cli.list_deployment).output
    shown = run(cli.get_deployment, "--name", "fraud").output

    assert "model_uri: models:/fraud/1" in shown
    assert "RESOURCE_DOES_NOT_EXIST" == (
        refused(cli.get_deployment, "--name", "fruad").error_code
    )


@pytest.mark.parametrize("form", [
    {"dataframe_split": table().to_dict(orient="split", index=False)},
    {"dataframe_records": table().to_dict(orient="records")},
    {"inputs": table().to_dict(orient="list")},
    {"instances": table().to_dict(orient="records")},
    table().to_dict(orient="records"),
], ids=["split", "records", "inputs", "instances", "plain"])  # fmt: skip
def test_predict_reads_what_people_write(deployed, native, tmp_path, form):
    """
    Serving payloads and plain records give the model's own answer, whatever pandas
    has made of the file on the way.
    """
    file = tmp_path / "input.json"
    file.write_text(json.dumps(form))
    result = run(cli.predict, "--name", "fraud", "-I", str(file))

    assert 0 == result.exit_code, result.output
    assert {"predictions": native} == json.loads(result.output)


def test_predict_writes_a_file(deployed, native, tmp_path):
    """
    `-O` puts the answer where it is wanted.
    """
    table().to_json(tmp_path / "in.json", orient="records")
    words = ["-I", str(tmp_path / "in.json"), "-O", str(tmp_path / "out.json")]
    run(cli.predict, "--endpoint", "fraud:live", *words)

    assert {"predictions": native} == json.loads((tmp_path / "out.json").read_text())


@pytest.mark.parametrize(
    "inputs",
    [
        table(),
        table().to_dict(orient="list"),
        table().to_dict(orient="records"),
        json.dumps({"dataframe_records": table().to_dict(orient="records")}),
        json.dumps({"dataframe_records": table().to_dict(orient="records")}).encode(),
    ],
    ids=["frame", "dict", "list", "text", "bytes"],
)
def test_predict_takes_what_python_has(deployed, native, inputs):
    """
    The Python client takes every kind of input.
    """
    answer = get_deploy_client(TARGET).predict("fraud", inputs)

    assert native == answer["predictions"]
    assert native == answer.get_predictions()[0].tolist()


def test_a_request_that_does_not_fit_says_why(deployed):
    """
    The model's own words come through.
    """
    with pytest.raises(MlflowException, match="lead time") as caught:
        get_deploy_client(TARGET).predict("fraud", pd.DataFrame({"n": [1.0]}))

    assert "INVALID_PARAMETER_VALUE" == caught.value.error_code


def test_an_array_without_names_does_not_fit(deployed):
    """
    Columns are named in this signature, so a bare array is refused, not guessed at.
    """
    with pytest.raises(MlflowException):
        get_deploy_client(TARGET).predict("fraud", np.ones((1, 2)))


def test_endpoints_are_aliases(deployed):
    """
    An endpoint names a version, can be moved, and goes without taking versions away.
    """
    client = get_deploy_client(TARGET)
    made = client.create_endpoint("fraud:blue", {"version": "1"})

    assert ("fraud:blue", "1") == (made["name"], made["version"])
    assert made == client.create_endpoint("fraud:blue", {"version": "1"})
    assert ["fraud:blue", "fraud:live"] == [e["name"] for e in client.list_endpoints()]
    client.update_endpoint("fraud:blue", {"version": "1"})
    assert made["version"] == client.get_endpoint("fraud:blue")["version"]
    client.delete_endpoint("fraud:blue")
    client.delete_endpoint("fraud:blue")
    with pytest.raises(MlflowException, match="no endpoint 'blue'; it has live"):
        client.get_endpoint("fraud:blue")
    with pytest.raises(MlflowException, match="could"):
        client.delete_endpoint("fraud:live")
    with pytest.raises(MlflowException, match="unknown key"):
        client.create_endpoint("fraud:blue", {"vresion": "1"})


def test_help_is_printed(deployed):
    """
    `mlflow deployments help -t lambda` works without a target that exists.
    """
    result = CliRunner().invoke(cli.target_help, ["-t", "lambda"])

    assert "memory_mb [1024]" in result.output


def test_update_then_delete_through_a_real_command(deployed, shop, tmp_path):
    """
    The installed `mlflow` command itself: update keeps the settings, delete repeats.
    """
    run(cli.create_deployment, "--name", "it", "-m", "models:/fraud/1",
        "-C", "memory_mb=512", "-C", "tags.team=risk")  # fmt: skip
    mlflow = [sys.executable, "-m", "mlflow", "deployments"]
    updated = subprocess.run(
        [*mlflow, "update", "-t", TARGET, "--name", "it", "-m", "models:/fraud/2"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "Deployment it is updated (with flavor sklearn)" in updated.stdout
    now = get_deploy_client(TARGET).get_deployment("it")
    assert ("models:/fraud/2", "2") == (now["model_uri"], now["version"])
    assert {"memory_mb": 512, "tags": {"team": "risk"}} == now["config"]
    for _ in range(2):
        assert 0 == run(cli.delete_deployment, "--name", "it").exit_code
    assert "RESOURCE_DOES_NOT_EXIST" == (
        refused(cli.update_deployment, "--name", "it").error_code
    )


def test_run_local_says_how_to_call_it(deployed, shop, capsys):
    """
    MLflow does not pass the target on: it is the embedded cloud.
    """
    result = run(cli.run_local, "--name", "mine", "-m", "models:/fraud/1")

    assert 0 == result.exit_code, result.output
    assert "mlflow deployments predict -t lambda:/local --name mine" in result.output
    get_deploy_client(TARGET).delete_deployment("mine")


def test_a_flavour_needs_a_model(deployed):
    """
    MLflow's rule for updates: a flavour without a model means nothing.
    """
    error = refused(cli.update_deployment, "--name", "fraud", "-f", "sklearn")

    assert "INVALID_PARAMETER_VALUE" == error.error_code


def test_where_it_runs_is_written_back(deployed, shop):
    """
    The model version says which function serves it.
    """
    from mlflow.tracking import MlflowClient

    tags = MlflowClient().get_model_version("fraud", "1").tags

    assert ("lambda:/local", "fraud", "1") == tuple(
        tags[f"mlflow_serverless.fraud.{key}"]
        for key in ("target", "function", "version")
    )
    assert tags["mlflow_serverless.fraud.bundle"].startswith("sha256:")
