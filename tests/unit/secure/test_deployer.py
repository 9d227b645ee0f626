"""What whoever deploys must be allowed."""

import json

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import Place, names
from mlflow_serverless.secure import deployer_policy

PLACE = Place(region="us-gov-west-1", account="123456789012", partition="aws-us-gov")
KEY = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/k"
ALL = {
    "url.auth": "iam", "api.auth": "iam", "alarms.errors": 1, "provisioned": 1,
    "alarms.dashboard": True, "image.model_store": "own", "kms_key": KEY,
}  # fmt: skip
MANAGED_POLICY_CHARS = 6_144
"""IAM's quota on a managed policy; white space does not count."""


def statements(**given):
    want = outline("fraud", parse(given), PLACE)
    return json.loads(deployer_policy(PLACE, want))["Statement"]


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
    want = outline(
        "fraud", parse({"api.auth": "iam", "image.model_store": "own"}), PLACE
    )

    assert len(deployer_policy(PLACE, want)) < MANAGED_POLICY_CHARS


def test_whoever_pushes_lets_the_registry_sign():
    """ECR signs as whoever pushes, who must be allowed to; only where images are."""
    want = outline("fraud", parse({"image.signing": "ecr"}), PLACE)
    said = {
        how: json.loads(deployer_policy(PLACE, want, signing=how))["Statement"]
        for how in ("ecr", "none")
    }

    (sign,) = (s for s in said["ecr"] if s["Sid"] == "Sign")

    assert ["signer:SignPayload"] == sign["Action"]
    assert [PLACE.arn("signer", "/signing-profiles/*")] == sign["Resource"]
    assert not [s for s in said["none"] if s["Sid"] == "Sign"]
