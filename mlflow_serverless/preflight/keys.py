"""The customer's key (KMS): there, enabled, and open to those who need it.

What a key refuses shows late: a log group cannot be made, or a function is published
and fails at its first start.
"""

from collections.abc import Iterator

from mlflow_serverless.plan.finding import Finding
from mlflow_serverless.plan.place import Place
from mlflow_serverless.plan.resources import LogGroup
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.preflight.allowed import lacking
from mlflow_serverless.preflight.facts import Facts, KeyFacts
from mlflow_serverless.preflight.say import refused, warning

FOR_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")
"""What CloudWatch Logs does with a log group's key, by the key's own policy alone."""

FOR_FUNCTION = ("kms:Decrypt",)
"""What the function's role does: its variables, and its model in S3."""

FOR_DEPLOYER = ("kms:CreateGrant", "kms:DescribeKey")
"""What whoever makes the function and its repository does, so that they may use it."""

_ENABLED = "Enabled"
_SYMMETRIC = "SYMMETRIC_DEFAULT"


def usable(want: Desired, facts: Facts) -> Iterator[Finding]:
    """The key is there, enabled, symmetric, and called by its ARN."""
    key = facts.key
    if key is None:
        return
    asked = want.function.settings.kms_key
    if not key.there:
        fix = "name one that is there, or leave kms_key out"
        yield refused("key-missing", f"there is no key {asked}", fix)
        return
    if key.arn != asked:
        what = f"{asked} is another name of a key; log groups take its ARN alone"
        yield refused("key-alias", what, f"set kms_key={key.arn}")
    if key.state != _ENABLED:
        what = f"the key {key.arn} is {key.state}, not {_ENABLED}"
        yield refused("key-disabled", what, "enable it: aws kms enable-key --key-id …")
    if key.spec != _SYMMETRIC:
        what = f"the key {key.arn} is {key.spec}; variables and logs take {_SYMMETRIC}"
        yield refused("key-kind", what, "name a symmetric key for encryption")


def open_to_logs(want: Desired, facts: Facts) -> Iterator[Finding]:
    """CloudWatch Logs may use it, for every log group that is to have it."""
    key, place = facts.key, facts.place
    if place is None or key is None or not key.policy:
        return
    service = f"logs.{place.region}.{place.suffix}"
    for group in want.resources:
        if not isinstance(group, LogGroup) or not group.kms_key:
            continue
        arn = place.arn("logs", f"log-group:{group.name}")
        missing = lacking(
            key.policy, frozenset((service,)), FOR_LOGS,
            kms_encryptioncontext_aws_logs_arn=arn, aws_sourceaccount=place.account,
            aws_sourcearn=arn,
        )  # fmt: skip
        if missing:
            what = (
                f"the key's policy does not let {service} do {', '.join(missing)} for "
                f"{group.name}"
            )
            yield refused("key-closed-to-logs", what, _fix(want))


def open_to_function(want: Desired, facts: Facts) -> Iterator[Finding]:
    """The function's role may decrypt, by its own name or by the account's say."""
    key, place, role = facts.key, facts.place, want.function.settings.role
    if place is None or key is None or not key.policy or not role:
        return
    missing = _missing(key, place, role, FOR_FUNCTION)
    if missing:
        what = f"the key's policy does not let {role} do {', '.join(missing)}"
        yield refused("key-closed-to-function", what, _fix(want))


def open_to_deployer(_: Desired, facts: Facts) -> Iterator[Finding]:
    """Who deploys may hand it on; a warning, as roles do not say their path."""
    key, place = facts.key, facts.place
    if place is None or key is None or not key.policy or not place.caller:
        return
    missing = _missing(key, place, _role_of(place), FOR_DEPLOYER)
    if missing:
        what = f"the key's policy does not let {place.caller} do {', '.join(missing)}"
        fix = "let the account decide: Principal arn:…:root, Action kms:*"
        yield warning("key-closed-to-deployer", what, fix)


def _missing(
    key: KeyFacts, place: Place, arn: str, actions: tuple[str, ...]
) -> tuple[str, ...]:
    """By the principal's own name, or where the policy leaves it to the account."""
    root = place.global_arn("iam", "root")
    who = frozenset((arn, root, place.account))
    return lacking(
        key.policy, who, actions, kms_calleraccount=place.account, aws_principalarn=arn
    )


def _role_of(place: Place) -> str:
    """The role of a session, as policies name it."""
    kind, _, rest = place.caller.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return place.caller
    return place.global_arn("iam", f"role/{rest.partition('/')[0]}")


def _fix(want: Desired) -> str:
    name, key = want.function.name, want.function.settings.kms_key
    asked = f"mlflow-serverless iam {name} -C kms_key={key} --of key"
    return f"add to the key's policy what `{asked}` prints"
