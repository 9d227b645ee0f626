"""The main job: a mixed-type pipeline from the registry to equal answers, and on."""

import json

import pytest

import mlflow_serverless
from mlflow_serverless.errors import ServerlessError
from tests.fakes.shop import log
from tests.models.canonical import customers, pipeline

pytestmark = pytest.mark.emulator

LOCAL = "lambda:/local"


@pytest.fixture(scope="module")
def versions(shop):
    """Two versions of `churn`, made in a run: one kept with skops, one as a pickle."""
    import mlflow
    from sklearn.ensemble import RandomForestClassifier

    first, data = pipeline()
    second, _ = pipeline(RandomForestClassifier(20, random_state=0))
    with mlflow.start_run() as run:
        example = data.head(5)
        skops = {"skops_trusted_types": ["numpy.dtype"]}
        log(first, name="churn", example=example, **skops)
        log(second, name="churn", example=example, serialization_format="cloudpickle")
    return run.info.run_id


@pytest.fixture(scope="module")
def deployed(home, versions):
    return mlflow_serverless.deploy(
        "churn", "models:/churn/1", memory_mb=512, target=LOCAL
    )


def native(version, rows):
    import mlflow

    return mlflow.pyfunc.load_model(f"models:/churn/{version}").predict(rows).tolist()


def test_the_served_answers_are_the_model_s(deployed):
    """
    Int, float, text and boolean columns, some missing, odd names, text labels: every
    answer is the native model's.
    """
    rows = customers(300, seed=7)

    assert native(1, rows) == deployed.predict(rows)


def test_the_same_again_does_nothing_in_no_time(deployed):
    """
    With nothing changed no step is taken, within two seconds.
    """
    again = mlflow_serverless.deploy(
        "churn", "models:/churn/1", memory_mb=512, target=LOCAL
    )

    assert () == again.changed
    assert again.seconds < 2
    assert (deployed.version, deployed.bundle) == (again.version, again.bundle)


def test_the_proof_is_kept_where_the_model_is(deployed, versions):
    """
    The run that made the model has the reports of what was proved.
    """
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    kept = client.list_artifacts(versions, "mlflow-serverless/churn")

    assert {"conversion.json", "optimise.json", "parity.json", "parity.html"} == {
        item.path.rpartition("/")[2] for item in kept
    }
    tags = client.get_model_version("churn", "1").tags
    assert tags["mlflow_serverless.churn.parity"].startswith("equal")


def test_what_is_served_can_be_held_to_a_model(deployed):
    """
    A live deployment answers as its own model does, and not as another one.
    """
    from click.testing import CliRunner

    from mlflow_serverless.cli import main

    ask = [
        "verify",
        "-t",
        LOCAL,
        "--against",
        "churn",
        "-C",
        "parity.samples=200",
        "--json",
        "-m",
    ]
    same = CliRunner().invoke(main, [*ask, "models:/churn/1"])
    other = CliRunner().invoke(main, [*ask, "models:/churn/2"])

    assert 0 == same.exit_code, same.output
    assert 0 == json.loads(same.stdout)["wrong"]
    assert 5 == other.exit_code
    assert "live-differs" in other.output


def test_an_update_moves_the_traffic(deployed):
    """
    After an update the second model answers, with the settings of the first.
    """
    moved = mlflow_serverless.update("churn", "models:/churn/2", target=LOCAL)
    rows = customers(100, seed=8)

    assert native(2, rows) == moved.predict(rows)
    assert 512 == mlflow_serverless.status("churn", target=LOCAL).config.memory_mb
    assert [("2", ("live",)), ("1", ())] == [
        (item.version, item.aliases)
        for item in mlflow_serverless.history("churn", target=LOCAL)
    ]


def test_one_version_back_is_one_deployment(deployed):
    """
    The first model again is its first version again: nothing is made anew.
    """
    back = mlflow_serverless.update("churn", "models:/churn/1", target=LOCAL)

    assert deployed.version == back.version
    assert 2 == mlflow_serverless.status("churn", target=LOCAL).versions


def test_drift_is_told_and_going_back_is_instant(deployed):
    """
    Nothing differs; then somebody rolls back, which answers at once and is drift.
    """
    from click.testing import CliRunner
    from mlflow.tracking import MlflowClient

    from mlflow_serverless.cli import main

    def run(*words):
        return CliRunner().invoke(main, [*words, "-t", LOCAL])

    rows = customers(50, seed=9)
    settled = run("plan", "churn", "--check")
    back = run("rollback", "churn", "--to", "2")
    answers = mlflow_serverless.predict("churn", rows, target=LOCAL)
    said = [set(MlflowClient().get_model_version("churn", n).tags) for n in "12"]
    drifted = run("plan", "churn", "models:/churn/1", "-C", "memory_mb=512", "--check")
    forth = run("rollback", "churn", "--to", "1")

    assert 0 == settled.exit_code, settled.output
    assert "nothing would change" in settled.output
    assert "churn:live serves version 2" in back.output
    assert native(2, rows) == answers
    served = "mlflow_serverless.churn.version"
    assert [False, True] == [served in tags for tags in said]
    assert 4 == drifted.exit_code, drifted.output
    assert "point churn:live" in drifted.output
    assert "churn:live serves version 1" in forth.output


def test_every_request_is_measured(deployed):
    """
    Cold starts and warm requests are told apart.
    """
    deployed.predict(customers(2))
    lines = list(mlflow_serverless.metrics("churn", target=LOCAL))

    assert any(line["cold"] and line["init_ms"] > 0 for line in lines)
    assert any(not line["cold"] and line["rows"] == 2 for line in lines)


def test_a_request_that_does_not_fit_is_refused(deployed):
    """
    The error says which column is missing.
    """
    with pytest.raises(ServerlessError, match="plan"):
        deployed.predict(customers(2).drop(columns="plan"))


def test_what_is_deleted_is_gone(deployed):
    """
    Deleting twice is no error, and nothing answers any more.
    """
    gone = [mlflow_serverless.delete("churn", target=LOCAL) for _ in range(2)]

    assert [True, False] == gone
    with pytest.raises(ServerlessError) as caught:
        deployed.predict(json.dumps({"inputs": []}))
    assert "no-such-deployment" == caught.value.code
