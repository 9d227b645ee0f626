"""Policies, read as AWS reads them, where that can be told from here."""

import json

import pytest

from mlflow_serverless.preflight.allowed import lacking

LOGS = "logs.eu-central-1.amazonaws.com"
GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/fraud"


def policy(*statements: dict) -> str:
    base = {"Effect": "Allow", "Principal": {"Service": LOGS}, "Action": "kms:*"}
    return json.dumps({"Statement": [base | said for said in statements]})


def where(operator: str, pattern: str, key: str = "kms:EncryptionContext:aws:logs:arn"):
    return {"Condition": {operator: {key: pattern}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["kms:Decrypt", "kms:Encrypt"]),
        (policy({}), []),
        (policy({"Principal": "*"}), []),
        (policy({"Principal": {"AWS": "*"}}), []),
        (policy({"Principal": {"Service": ["a", LOGS]}}), []),
        (policy({"Principal": {"Service": "s3.amazonaws.com"}}),
         ["kms:Decrypt", "kms:Encrypt"]),
        (policy({"Action": ["kms:Decrypt*", "kms:encrypt*"]}), []),
        (policy({"Action": "kms:Decrypt"}), ["kms:Encrypt"]),
        (policy({"Action": "kms:Decrypt"}, {"Action": "kms:Encrypt"}), []),
        (policy({}, {"Effect": "Deny", "Action": "kms:Encrypt"}), ["kms:Encrypt"]),
        (policy({}, {"Effect": "Deny", "Action": "kms:Encrypt",
                     **where("StringEquals", "x", "aws:PrincipalOrgID")}), []),
        (policy(where("ArnLike", "arn:aws:logs:*:123456789012:log-group:/aws/*")), []),
        (policy(where("ArnEquals", "arn:aws:logs:*:123456789012:log-group:/other")),
         ["kms:Decrypt", "kms:Encrypt"]),
        (policy(where("StringEquals", "x", "aws:PrincipalOrgID")), []),
        (json.dumps({"Statement": {"Effect": "Allow", "Principal": {"Service": LOGS},
                                   "NotAction": "kms:Encrypt"}}), ["kms:Encrypt"]),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_lacking(text, expected):
    """A denial wins; a condition on what nobody here knows is never held against it."""
    found = lacking(
        text, frozenset((LOGS,)), ("kms:Decrypt", "kms:Encrypt"),
        kms_encryptioncontext_aws_logs_arn=GROUP,
    )  # fmt: skip

    assert expected == list(found)
