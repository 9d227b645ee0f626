"""A key that would fail the deployment late is found early, with what to paste."""

import json

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import Place, Weight
from mlflow_serverless.preflight import Facts, KeyFacts, inspect
from mlflow_serverless.secure import key_policy

PLACE = Place(
    region="eu-central-1", account="123456789012",
    caller="arn:aws:sts::123456789012:assumed-role/deployer/ann",
)  # fmt: skip
KEY = "arn:aws:kms:eu-central-1:123456789012:key/k"
ACCOUNT = "arn:aws:iam::123456789012:root"


def statement(principal, action="kms:*", **more):
    said = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return {**said, "Resource": "*"}


def policy(*statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def wanted(**given):
    options = parse({"kms_key": KEY, **given})
    return outline("fraud", options, PLACE)


BY_ACCOUNT = statement({"AWS": ACCOUNT})
OURS = json.loads(key_policy(PLACE, wanted(**{"api.auth": "iam"})))["Statement"]


def found(key: KeyFacts | None = None, **given):
    facts = Facts(place=PLACE, key=key)
    return {f.code: f for f in inspect(wanted(**given), facts) if "key" in f.code}


def key(**given) -> KeyFacts:
    known = {"arn": KEY, "state": "Enabled", "spec": "SYMMETRIC_DEFAULT"}
    return KeyFacts(there=True, **{**known, **given})


@pytest.mark.parametrize(
    ("facts", "code", "fix"),
    [
        (KeyFacts(there=False), "key-missing", "kms_key"),
        (key(arn=f"{KEY}2"), "key-alias", f"set kms_key={KEY}2"),
        (key(state="PendingDeletion"), "key-disabled", "enable-key"),
        (key(spec="RSA_2048"), "key-kind", "symmetric"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(facts, code, fix):
    """Nothing would be encrypted with it, or nothing could be read any more."""
    assert [code] == list(found(facts))
    assert Weight.REFUSED is found(facts)[code].weight
    assert fix in found(facts)[code].fix


def test_the_policy_that_a_new_key_has_is_closed_to_logs():
    """The account decides for roles; a service is let in by the key alone."""
    refusals = found(key(policy=policy(BY_ACCOUNT)))

    assert ["key-closed-to-logs"] == list(refusals)
    assert "logs.eu-central-1.amazonaws.com" in refusals["key-closed-to-logs"].what
    assert f"iam fraud -C kms_key={KEY} --of key" in refusals["key-closed-to-logs"].fix


def test_what_is_printed_for_the_key_opens_it():
    """For the API's log as well; with the account's say, nothing is left to find."""
    opened = key(policy=policy(BY_ACCOUNT, *OURS))

    assert {} == found(opened)
    assert {} == found(opened, **{"api.auth": "iam"})


def test_a_key_that_is_open_to_other_log_groups_is_closed():
    """Its condition names log groups."""
    others = json.loads(json.dumps(OURS).replace("lambda/fraud", "lambda/other"))

    assert "key-closed-to-logs" in found(key(policy=policy(BY_ACCOUNT, *others)))


def test_a_key_that_leaves_nothing_to_the_account_names_who_may():
    """The function's role is refused, whoever deploys is warned of."""
    logs = next(said for said in OURS if said["Sid"] == "LogsUseIt")
    findings = found(key(policy=policy(logs)))
    deployer = statement({"AWS": "arn:aws:iam::123456789012:role/deployer"})

    assert Weight.REFUSED is findings["key-closed-to-function"].weight
    assert Weight.WARNING is findings["key-closed-to-deployer"].weight
    assert {} == found(key(policy=policy(*OURS, deployer)))


def test_a_key_of_another_account_is_taken_as_it_is():
    """It does not show its policy; nothing is held against it."""
    assert {} == found(key(policy=""))
    assert {} == found(None)
