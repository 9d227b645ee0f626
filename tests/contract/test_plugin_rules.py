"""What MLflow demands of a plugin, checked through MLflow's own loader."""

import inspect

import pytest
from mlflow.deployments import BaseDeploymentClient, get_deploy_client
from mlflow.deployments.interface import plugin_store
from mlflow.exceptions import MlflowException

from mlflow_serverless import plugin
from mlflow_serverless.config.describe import options
from mlflow_serverless.door.errors import CODES, as_mlflow
from mlflow_serverless.errors import Kind, ServerlessError


@pytest.mark.parametrize("target", ["lambda", "lambda:/local", "lambda:/eu-west-1"])
def test_mlflow_finds_the_plugin(target):
    """
    The entry point is registered, and every form of target reaches it.
    """
    assert plugin is plugin_store[target]


def test_the_module_shows_exactly_one_client():
    """
    MLflow refuses modules in which it sees two subclasses of its client.
    """
    found = [
        member for _, member in inspect.getmembers(plugin)
        if inspect.isclass(member) and issubclass(member, BaseDeploymentClient)
    ]  # fmt: skip

    assert {BaseDeploymentClient, plugin.LambdaDeploymentClient} == set(found)


def test_signatures_are_mlflow_s():
    """
    The command line passes arguments by position and sniffs for names.
    """
    for name, base in inspect.getmembers(BaseDeploymentClient, inspect.isfunction):
        ours = inspect.signature(getattr(plugin.LambdaDeploymentClient, name))
        theirs = inspect.signature(base)
        shared = list(ours.parameters)[: len(theirs.parameters)]
        assert list(theirs.parameters) == shared, name
    assert ["name", "model_uri", "flavor", "config"] == list(
        inspect.signature(plugin.run_local).parameters
    )


def test_help_names_every_option():
    """
    `mlflow deployments help` is the reference at hand.
    """
    text = plugin.target_help()

    for option in options():
        assert option.key in text


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("lambda", "INVALID_PARAMETER_VALUE", "which AWS region"),
        ("lambda:/eu-west-1", "PERMISSION_DENIED", "no AWS credentials"),
        ("lambda:/r/arn:x", "INVALID_PARAMETER_VALUE", "is not a target"),
    ],
)
def test_aws_is_not_reached_without_credentials(home, target, code, said):
    """
    A target on AWS says what is missing, in MLflow's own terms.
    """
    with pytest.raises(MlflowException, match=said) as caught:
        get_deploy_client(target).list_deployments()

    assert code == caught.value.error_code


@pytest.mark.parametrize("kind", list(Kind))
def test_every_error_becomes_mlflow_s(kind):
    """
    Message, hint and code stand on one line, which is the traceback's last.
    """

    class ItError(ServerlessError):
        code = "it-failed"

    ItError.kind = kind
    with pytest.raises(MlflowException) as caught, as_mlflow():
        raise ItError("one\ntwo", hint="three")

    assert "one two hint: three [it-failed]" == str(caught.value)
    assert kind in CODES


def test_explanations_come_later():
    """
    `explain` is refused in words, not by a missing method.
    """
    with pytest.raises(MlflowException, match="come later") as caught:
        plugin.LambdaDeploymentClient("lambda:/local").explain("it", None)

    assert "NOT_IMPLEMENTED" == caught.value.error_code
