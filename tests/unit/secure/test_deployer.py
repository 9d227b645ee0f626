"""What whoever deploys must be allowed."""

import json

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.limits import MANAGED_POLICY_CHARS
from mlflow_serverless.pipeline.permitted import policies
from mlflow_serverless.plan import Place, names
from mlflow_serverless.relay.outline import outline as relay_outline
from mlflow_serverless.secure import deployer_policies

PLACE = Place(region="us-gov-west-1", account="123456789012", partition="aws-us-gov")
KEY = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/k"
ALL = {
    "url.auth": "iam", "api.auth": "iam", "alarms.errors": 1, "provisioned": 1,
    "alarms.dashboard": True, "image.model_store": "own", "kms_key": KEY,
}  # fmt: skip
OTHER = "999999999999.dkr.ecr.us-gov-west-1.amazonaws.com"
POINT = "arn:aws-us-gov:elasticfilesystem:us-gov-west-1:123456789012:access-point/f"
VPC = {"vpc.subnets": "subnet-a", "vpc.security_groups": "sg-1"}


def documents(**given):
    return policies("deployer", "fraud", parse(given), PLACE)


def statements(**given):
    return [s for text in documents(**given) for s in json.loads(text)["Statement"]]


def resources(action: str, **given) -> list[str]:
    """All that *action* is allowed on."""
    said = (s for s in statements(**given) if action in s["Action"])
    return [resource for one in said for resource in one["Resource"]]


def test_nothing_but_unbound_actions_are_on_everything():
    """Every other statement names this deployment's own things."""
    for said in statements(**ALL):
        for resource in said["Resource"]:
            assert resource == "*" or resource.startswith("arn:aws-us-gov:")
        if said["Resource"] == ["*"]:
            assert "Look" == said["Sid"]
        else:
            assert not any("*" in action for action in said["Action"])


def test_the_role_is_passed_to_lambda_only():
    """Passing it to anything else would be a way around."""
    (said,) = (s for s in statements() if s["Sid"] == "PassRole")

    made = names.role("fraud", PLACE.region)
    assert [PLACE.global_arn("iam", f"role/{made}")] == said["Resource"]
    assert said["Condition"] == {
        "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}
    }


def test_a_role_that_is_brought_along_is_not_made():
    """Then deploying needs no right to make roles."""
    role = "arn:aws-us-gov:iam::123456789012:role/mine"
    actions = [a for said in statements(role=role) for a in said["Action"]]

    assert "iam:CreateRole" not in actions
    assert "iam:PassRole" in actions


def test_names_of_statements_are_their_own():
    """IAM refuses a name given twice."""
    sids = [said["Sid"] for said in statements(**ALL)]

    assert sorted(set(sids)) == sorted(sids)
    assert all(sid.isalnum() for sid in sids)


def test_the_policy_of_a_usual_deployment_fits():
    """It can be attached as one managed policy."""
    (text,) = documents(**{"api.auth": "iam", "image.model_store": "own"})

    assert len(text) <= MANAGED_POLICY_CHARS


def test_what_does_not_fit_into_one_policy_is_divided():
    """Each can be attached; together they say what one would have said, in order."""
    many = documents(**ALL, **{"strategy.driver": "cloud"})
    sids = [s["Sid"] for text in many for s in json.loads(text)["Statement"]]

    assert 2 == len(many)
    assert all(len(text) <= MANAGED_POLICY_CHARS for text in many)
    assert sids == list(dict.fromkeys(sids))
    assert {"Function", "Look", "PassRole", "PassControlRole", "Key"} <= set(sids)


def test_whoever_pushes_lets_the_registry_sign():
    """ECR signs as whoever pushes, who must be allowed to; only where images are."""
    profiles = [PLACE.arn("signer", "/signing-profiles/*")]

    assert profiles == resources("signer:SignPayload", **{"image.signing": "ecr"})
    assert [] == resources("signer:SignPayload")


def test_images_of_another_account_are_kept_there():
    """Pushed, read and taken away; the repository itself is not ours to make."""
    given = {"image.repository": f"{OTHER}/models"}
    there = ["arn:aws-us-gov:ecr:us-gov-west-1:999999999999:repository/models"]

    for action in ("PutImage", "BatchDeleteImage", "GetRepositoryPolicy"):
        assert there == resources(f"ecr:{action}", **given)
    assert [] == resources("ecr:CreateRepository", **given)
    own = PLACE.arn("ecr", f"repository/{names.repository('fraud')}")
    assert [*there, own] == resources("ecr:DescribeImages", **given)


def test_what_might_be_left_can_be_looked_for():
    """By whoever has just this policy: a delete knows that nothing is there."""
    for action in (
        "apigateway:GET", "cloudwatch:GetDashboard", "s3:ListBucket", "iam:GetRole",
        "ecr:DescribeRepositories",
    ):  # fmt: skip
        assert resources(action)
    role = "arn:aws-us-gov:iam::123456789012:role/mine"
    own = PLACE.global_arn("iam", f"role/{names.role('fraud', PLACE.region)}")
    assert {role, own} <= set(resources("iam:GetRole", role=role))


def test_layers_are_mounted_by_whoever_may_get_them():
    """ECR wants that right on the repository that they come from."""
    given = {"image.mount_from": "ml/base,ml/other"}
    found = resources("ecr:GetDownloadUrlForLayer", **given)

    assert [PLACE.arn("ecr", f"repository/ml/{x}") for x in ("base", "other")] == [
        one for one in found if "/ml/" in one
    ]


def test_models_are_kept_where_the_bucket_is_somebody_s():
    """Below the deployment's own prefix; the bucket is listed, and not made."""
    given = {"image.model_store": "s3://mine/models"}

    assert ["arn:aws-us-gov:s3:::mine/models/fraud/*"] == resources(
        "s3:PutObject", **given
    )
    own = f"arn:aws-us-gov:s3:::{names.bucket(PLACE.account, PLACE.region)}"
    assert ["arn:aws-us-gov:s3:::mine", own] == sorted(
        resources("s3:ListBucket", **given)
    )
    assert [] == resources("s3:CreateBucket", **given)


def test_lambda_looks_at_a_network_and_a_mount_as_whoever_deploys():
    """Neither is asked for where there is none."""
    given = {"mount.arn": POINT, **VPC}

    assert ["*"] == resources("ec2:DescribeSubnets", **given)
    assert [PLACE.arn("elasticfilesystem", "file-system/*")] == resources(
        "elasticfilesystem:DescribeMountTargets", **given
    )
    assert [] == resources("ec2:DescribeSubnets")


def test_a_first_custom_domain_makes_api_gateway_s_own_role():
    """That role, for that service, and no other."""
    given = {
        "api.auth": "iam", "api.domain": "m.example.com",
        "api.certificate": PLACE.arn("acm", "certificate/c"),
    }  # fmt: skip
    (role,) = resources("iam:CreateServiceLinkedRole", **given)

    assert role.endswith("/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway")
    assert [] == resources("iam:CreateServiceLinkedRole", **{"api.auth": "iam"})


@pytest.mark.parametrize("given", [{}, {"kms_key": KEY}])
def test_whoever_deploys_a_relay_is_allowed_what_it_is_made_of(given):
    """Function, role, image, log, secret, table and URL, of this relay alone."""
    texts = deployer_policies(PLACE, *relay_outline("hooks", given, PLACE))
    said = [s for text in texts for s in json.loads(text)["Statement"]]
    on = {action: s["Resource"] for s in said for action in s["Action"]}

    assert all(len(text) <= MANAGED_POLICY_CHARS for text in texts)
    assert [PLACE.secret_arn("mlflow-serverless/hooks")] == (
        on["secretsmanager:CreateSecret"]
    )
    assert [PLACE.arn("dynamodb", "table/hooks")] == on["dynamodb:CreateTable"]
    assert {
        "lambda:CreateFunctionUrlConfig", "ecr:PutImage", "iam:PassRole",
        "secretsmanager:GetRandomPassword", "logs:CreateLogGroup",
    } <= set(on)  # fmt: skip
    assert bool(given) == ("kms:CreateGrant" in on)
