"""Who, where, and as whom."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from mlflow_serverless import wiring
from mlflow_serverless.aws import Access, AwsCloud, connect
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import assumed
from mlflow_serverless.errors import ServerlessError
from tests.fakes.aws.account import PACE, access_to
from tests.fakes.tell import silent

ROLE = "arn:aws:iam::123456789012:role/deployer"


@pytest.fixture
def usual(aws, tmp_path, monkeypatch):
    """The usual AWS environment, with nothing in it but what is set here."""
    for key in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for key, value in aws.environ().items():
        monkeypatch.setenv(key, value)
    return monkeypatch


def test_the_usual_environment_is_all_that_is_needed(usual):
    """Credentials, region and endpoint are found as every AWS tool finds them."""
    place = connect(pace=PACE).place

    assert ("us-east-1", "123456789012", "aws") == (
        place.region, place.account, place.partition,
    )  # fmt: skip


def test_a_profile_says_who_and_where(usual, tmp_path, aws):
    """As `aws configure` writes it."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        usual.delenv(key)
    environ = aws.environ()
    (tmp_path / "credentials").write_text(
        f"[ci]\naws_access_key_id = {environ['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {environ['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (tmp_path / "config").write_text("[profile ci]\nregion = eu-west-3\n")
    usual.setenv("AWS_PROFILE", "ci")

    assert "eu-west-3" == connect(pace=PACE).place.region


def test_a_role_is_assumed_and_its_credentials_are_used(usual, aws):
    """Every later call is signed as the role, with the token that came with it."""
    access = connect("us-east-1", ROLE, pace=PACE)

    assert ":assumed-role/deployer/mlflow-serverless" in access.place.caller
    assert ROLE == access.place.role
    assert "sts:AssumeRole" in map(str, aws.faults.calls)


def test_an_assumed_role_is_assumed_again_in_time(usual, aws):
    """Before what was given for an hour expires."""
    session = assumed(boto3.Session(region_name="us-east-1"), ROLE)
    credentials = session.get_credentials()
    first = credentials.get_frozen_credentials().access_key
    aws.faults.calls.clear()
    hour = timedelta(minutes=59)
    credentials._time_fetcher = lambda: datetime.now(UTC) + hour
    credentials._refresh_using.__self__._cache.clear()  # it goes by the real clock

    assert first != credentials.get_frozen_credentials().access_key
    assert ["sts:AssumeRole"] == list(map(str, aws.faults.calls))


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "no-aws-credentials"),
        (("AWS_DEFAULT_REGION",), "no-aws-region"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_asked(usual, aws, gone, code):
    """With what to type."""
    for key in gone:
        usual.delenv(key)
    aws.faults.calls.clear()

    with pytest.raises(ServerlessError, match=rf"\[{code}\]$"):
        _ = connect(pace=PACE).place
    assert [] == aws.faults.calls


@pytest.mark.parametrize(
    ("target", "region", "role"),
    [
        ("lambda", "eu-west-1", ""),
        ("lambda:/", "eu-west-1", ""),
        ("lambda:/cn-north-1", "cn-north-1", ""),
        ("lambda:/us-gov-west-1/", "us-gov-west-1", ""),
        (f"lambda:/us-east-1/{ROLE}", "us-east-1", ROLE),
        (
            "lambda:/us-gov-east-1/arn:aws-us-gov:iam::123456789012:role/ci/deploy",
            "us-gov-east-1",
            "arn:aws-us-gov:iam::123456789012:role/ci/deploy",
        ),
    ],
)
def test_targets_name_a_region_and_a_role(target, region, role):
    """What a target leaves out is the environment's."""
    found = wiring.aws_target(target, {"AWS_REGION": "eu-west-1"})

    assert wiring.AwsTarget(region, role) == found


@pytest.mark.parametrize(
    "target",
    ["lambda:/nowhere", f"lambda:/{ROLE}", "lambda:/us-east-1/deployer", "sagemaker",
     "lambda:/us-east-1/arn:aws:iam::1:role/x", "lambdas"],
)  # fmt: skip
def test_what_is_no_target_is_refused(target):
    """Rather than deployed to some default."""
    with pytest.raises(ServerlessError, match="bad-target"):
        wiring.aws_target(target, {})


def test_a_world_on_aws_asks_nothing_before_it_is_used(usual, aws, tmp_path):
    """Building it makes no call; the first look does."""
    aws.faults.calls.clear()
    environ = {"MLFLOW_SERVERLESS_HOME": str(tmp_path / "home")}

    world = wiring.world_for("lambda:/us-east-1", silent, environ=environ)

    assert isinstance(world.cloud, AwsCloud)
    assert [] == aws.faults.calls
    assert "123456789012" == world.cloud.place().account


@pytest.mark.parametrize(
    ("partition", "suffix"),
    [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"),
     ("aws-us-gov", "amazonaws.com")],
)  # fmt: skip
def test_the_partition_is_the_caller_s(partition, suffix):
    """In every ARN, and in the registry's name."""
    from botocore.stub import Stubber

    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1")
    access = Access(session, pace=PACE)
    arn = f"arn:{partition}:iam::123456789012:user/ci"
    with Stubber(access.client("sts")) as stub:
        stub.add_response(
            "get_caller_identity",
            {"Account": "123456789012", "Arn": arn, "UserId": "x"},
        )
        place = access.place

    assert f"arn:{partition}:lambda:us-east-1:123456789012:it" == place.arn(
        "lambda", "it"
    )
    assert f"123456789012.dkr.ecr.us-east-1.{suffix}" == place.registry


def test_lists_are_paged_to_their_end(aws, cloud, want, name):
    """More functions than one page holds, and none of anybody else's."""
    client = access_to(aws).client("lambda")
    function = want().function
    theirs = {
        "Role": function.settings.role, "PackageType": "Image",
        "Code": {"ImageUri": function.artifact},
    }  # fmt: skip
    settled(client.create_function, PACE, FunctionName=f"{name}-theirs", **theirs)
    for number in range(60):
        mine = f"{name}-{number:02}"
        client.create_function(
            FunctionName=mine, Description="mlflow-serverless", **theirs
        )

    found = [one for one in cloud.names() if one.startswith(name)]

    assert [f"{name}-{number:02}" for number in range(60)] == found


def test_hints_are_looked_for_where_aws_s_own_tools_look(tmp_path):
    """Variables first, then files, wherever the environment says that these are."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    environ = {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
    }
    without = wiring.aws_hints(environ)
    config.touch()
    credentials.touch()

    assert wiring.AwsHints("", "") == without
    assert wiring.AwsHints(str(credentials), str(config)) == wiring.aws_hints(environ)
    assert wiring.AwsHints("AWS_PROFILE", "AWS_REGION") == wiring.aws_hints(
        {**environ, "AWS_PROFILE": "ci", "AWS_REGION": "eu-west-1"}
    )
