"""What the account allows: quotas, the role, the repository, the region."""

from collections.abc import Iterator

from mlflow_serverless import limits
from mlflow_serverless.plan.finding import Finding
from mlflow_serverless.plan.resources import HttpApi, ProvisionedConcurrency
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.preflight.allowed import lacking
from mlflow_serverless.preflight.facts import Facts
from mlflow_serverless.preflight.say import refused, warning

_NEARLY_FULL = 0.9
_PULLS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_LAMBDA = frozenset(("lambda.amazonaws.com",))


def looked(_: Desired, facts: Facts) -> Iterator[Finding]:
    """What could not be looked at is said, not guessed."""
    for action in facts.denied:
        what = f"not allowed to {action}, so what it tells was not checked"
        yield warning("not-checked", what, f"allow {action} (mlflow-serverless iam)")


def same_region(want: Desired, facts: Facts) -> Iterator[Finding]:
    """Keys, file systems and certificates are of the function's region."""
    place = facts.place
    if place is None:
        return
    settings = want.function.settings
    mount = settings.mount.arn if settings.mount else ""
    apis = [r for r in want.resources if isinstance(r, HttpApi) and r.domain]
    for option, arn in (
        ("kms_key", settings.kms_key),
        ("mount.arn", mount),
        *(("api.certificate", a.domain.certificate) for a in apis if a.domain),
    ):
        region = arn.split(":")[3] if arn else place.region
        if region != place.region:
            what = f"{option} is in {region}, the function in {place.region}"
            yield refused("other-region", what, f"name one of {place.region}")
    partition = settings.role.split(":")[1] if settings.role else place.partition
    if partition != place.partition:
        what = f"the role is in partition {partition}, not {place.partition}"
        yield refused("other-partition", what, f"name a role of {place.partition}")


def concurrency(want: Desired, facts: Facts) -> Iterator[Finding]:
    """Reserved and provisioned environments are there to be had."""
    account, reserved = facts.account, want.function.settings.concurrency
    provisioned = _provisioned(want)
    if reserved is not None and provisioned > reserved:
        what = f"{provisioned} environments kept started of at most {reserved}"
        fix = f"set concurrency={provisioned} or more"
        yield refused("provisioned-beyond-concurrency", what, fix)
    if account is None:
        return
    spare = account.unreserved + facts.held - limits.UNRESERVED_CONCURRENCY
    free, asked = max(spare, 0), provisioned if reserved is None else reserved
    if asked > free:
        what = (
            f"{asked} environments asked for; the account has {account.concurrency}, "
            f"of which {free} can be reserved for this"
        )
        fix = f"set at most {free}, or ask AWS for more (Service Quotas)"
        yield refused("concurrency-quota", what, fix)


def _provisioned(want: Desired) -> int:
    kept = (r for r in want.resources if isinstance(r, ProvisionedConcurrency))
    return sum(resource.count for resource in kept)


def code_storage(_: Desired, facts: Facts) -> Iterator[Finding]:
    """The room for functions' code is not used up."""
    account = facts.account
    if account is None or not account.code_bytes_most:
        return
    share = account.code_bytes / account.code_bytes_most
    if share >= _NEARLY_FULL:
        what = f"{share:.0%} of the account's code storage is in use"
        yield warning("code-storage", what, "remove old versions: mlflow-serverless gc")


def role(_: Desired, facts: Facts) -> Iterator[Finding]:
    """A role that is brought along exists, and lets Lambda assume it."""
    found = facts.role
    if found is None:
        return
    if not found.there:
        fix = "name one that is there, or leave role out"
        yield refused("role-missing", f"there is no role {found.arn}", fix)
    elif found.trust and lacking(found.trust, _LAMBDA, ("sts:AssumeRole",)):
        what = f"{found.arn} does not let lambda.amazonaws.com assume it"
        fix = "add that service to its trust policy (sts:AssumeRole)"
        yield refused("role-trust", what, fix)


def repository(want: Desired, facts: Facts) -> Iterator[Finding]:
    """A repository that is brought along exists, and lets Lambda pull from it."""
    found, place = facts.repository, facts.place
    if found is None:
        return
    if not found.there:
        fix = "make it first, or leave image.repository out"
        yield refused("repository-missing", f"there is no repository {found.name}", fix)
        return
    function = f"function:{want.function.name}"
    caller = {
        "aws_sourceaccount": place.account,
        "aws_sourcearn": place.arn("lambda", function),
    } if place else {}  # fmt: skip
    if lacking(found.policy, _LAMBDA, _PULLS, **caller):
        what = f"the policy of {found.name} does not let Lambda pull from it"
        fix = f"allow lambda.amazonaws.com {' and '.join(_PULLS)} there"
        yield refused("repository-policy", what, fix)
    if not found.immutable:
        what = f"tags of {found.name} can be moved; digests are deployed all the same"
        yield warning("mutable-tags", what, "make its tags immutable")
