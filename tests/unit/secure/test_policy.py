"""The role's policy is a function of what has to be reached, and of nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.plan import Place
from mlflow_serverless.secure import (
    Reach,
    bucket_policy,
    canonical,
    repository_policy,
    role_policy,
    trust_policy,
)
from mlflow_serverless.secure.document import pretty
from mlflow_serverless.secure.policy import UNBOUND_ACTIONS

PLACE = Place(region="eu-central-1", account="123456789012")
CHINA = Place(region="cn-north-1", account="123456789012", partition="aws-cn")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/k"
POINT = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-1"
LOG = "/aws/lambda/fraud"

reaches = st.builds(
    Reach,
    name=st.just("fraud"),
    log_group=st.just(LOG),
    models=st.sampled_from(["", "models/fraud"]),
    kms_key=st.sampled_from(["", KEY]),
    mount=st.sampled_from(["", POINT]),
    network=st.booleans(),
    tracing=st.booleans(),
)


def statements(text: str) -> dict[str, dict]:
    return {said["Sid"]: said for said in json.loads(text)["Statement"]}


def test_a_function_alone_may_only_write_its_own_log():
    """Nothing but that is needed."""
    said = statements(role_policy(PLACE, Reach(name="fraud", log_group=LOG)))

    assert {
        "WriteItsLog": {
            "Sid": "WriteItsLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [PLACE.arn("logs", f"log-group:{LOG}:log-stream:*")],
        }
    } == said


@pytest.mark.parametrize(
    ("given_", "sid", "actions", "resource"),
    [
        ({"models": "b/fraud"}, "ReadItsModels",
         ["s3:GetObject", "s3:GetObjectVersion"], "arn:aws:s3:::b/fraud/*"),
        ({"kms_key": KEY}, "Decrypt", ["kms:Decrypt"], KEY),
        ({"mount": POINT}, "ReadItsMount", ["elasticfilesystem:ClientMount"],
         "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/*"),
    ],
)  # fmt: skip
def test_what_is_reached_more_is_allowed_more(given_, sid, actions, resource):
    """Each thing by its own statement, on that thing alone."""
    reach = Reach(name="fraud", log_group=LOG, **given_)

    said = statements(role_policy(PLACE, reach))

    assert {"WriteItsLog", sid} == set(said)
    assert (actions, [resource]) == (said[sid]["Action"], said[sid]["Resource"])


def test_a_mount_is_reached_through_its_access_point_only():
    """Its file system's id is not known, so the condition names the access point."""
    said = statements(
        role_policy(PLACE, Reach(name="fraud", log_group=LOG, mount=POINT))
    )

    expected = {"StringEquals": {"elasticfilesystem:AccessPointArn": POINT}}
    assert expected == said["ReadItsMount"]["Condition"]


def test_the_network_is_for_lambda_not_for_the_functions_code():
    """What AWS wants allowed on everything is denied to the function itself."""
    reach = Reach(name="fraud", log_group=LOG, network=True)

    said = statements(role_policy(PLACE, reach))

    assert "Deny" == said["OnlyLambdaItself"]["Effect"]
    assert said["EnterItsNetwork"]["Action"] == said["OnlyLambdaItself"]["Action"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:fraud"
    condition = said["OnlyLambdaItself"]["Condition"]
    assert {"ArnEquals": {"lambda:SourceFunctionArn": [function]}} == {
        kind: {key: list(value) for key, value in keys.items()}
        for kind, keys in condition.items()
    }


@settings(deadline=None)
@given(reach=reaches)
def test_no_reach_brings_wildcards(reach):
    """Only actions for which AWS knows no resource are allowed on all of them."""
    for said in json.loads(role_policy(PLACE, reach))["Statement"]:
        assert not any("*" in action for action in said["Action"])
        if said["Effect"] == "Allow" and "*" in said["Resource"]:
            assert set(said["Action"]) <= UNBOUND_ACTIONS


def test_a_policy_is_printed_as_aws_writes_it():
    """What it is first, and each statement by its name; nothing is lost."""
    text = role_policy(PLACE, Reach(name="fraud", log_group=LOG))
    shown = json.loads(pretty(text))

    assert json.loads(text) == shown
    assert ["Version", "Statement"] == list(shown)
    assert ["Sid", "Effect", "Action", "Resource"] == list(shown["Statement"][0])


@settings(deadline=None)
@given(reach=reaches)
def test_policies_are_canonical(reach):
    """What is written compares equal with what is read back, however it is spaced."""
    text = role_policy(PLACE, reach)

    assert text == canonical(json.dumps(json.loads(text), indent=3))


def test_a_text_for_a_list_of_one_is_the_same():
    """IAM gives a list of one back as a text."""
    listed = '{"Statement":[{"Action":["a:B"],"Effect":"Allow","Resource":["x"]}]}'
    single = '{"Statement":{"Effect":"Allow","Action":"a:B","Resource":"x"}}'

    assert canonical(listed) == canonical(single)


def test_other_partitions_are_in_every_arn():
    """Nothing in China is called `arn:aws:`."""
    reach = Reach(name="it", log_group=LOG, models="b/it", network=True, mount=POINT)
    policies = (
        role_policy(CHINA, reach).replace(POINT, ""),
        repository_policy(CHINA, "it"),
        bucket_policy(CHINA, "b"),
    )

    for text in policies:
        assert "arn:aws-cn:" in text
        assert "arn:aws:" not in text


def test_lambda_pulls_for_this_function_of_this_account_only():
    """A confused deputy of another account gets nothing."""
    (said,) = statements(repository_policy(PLACE, "fraud")).values()

    assert {"Service": ["lambda.amazonaws.com"]} == said["Principal"]
    assert {"aws:SourceAccount": "123456789012"} == said["Condition"]["StringEquals"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:fraud"
    assert {"aws:SourceArn": function} == said["Condition"]["StringLike"]


def test_only_lambda_assumes_the_role():
    """And only by assuming it."""
    (said,) = statements(trust_policy()).values()

    assert {"Service": ["lambda.amazonaws.com"]} == said["Principal"]
    assert ["sts:AssumeRole"] == said["Action"]


def test_what_may_have_a_shadow_reaches_only_its_own_function():
    """
    Its alias may be read and its versions asked; no other function, and no change.
    """
    reach = Reach(name="fraud", log_group=LOG, shadow=True)
    said = statements(role_policy(PLACE, reach))
    own = PLACE.arn("lambda", "function:fraud")

    assert ("lambda:GetAlias", own) == _only(said["KnowItsShadow"])
    assert ("lambda:InvokeFunction", f"{own}:*") == _only(said["AskItsShadow"])


def _only(statement) -> tuple[str, str]:
    """The one action, and the one resource."""
    found = (statement["Action"], statement["Resource"])
    return tuple(one if isinstance(one, str) else one[0] for one in found)
