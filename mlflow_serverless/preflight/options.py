"""Options against one another, and against what the model needs."""

from collections.abc import Iterator

from mlflow_serverless import limits
from mlflow_serverless.plan.finding import Finding
from mlflow_serverless.plan.resources import HttpApi, ProvisionedConcurrency
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.preflight.facts import Facts
from mlflow_serverless.preflight.say import note, refused, warning

_MB = 1024 * 1024
_RUNTIME_MB = 64
"""What the runtime and its engine take beside the model [MB]: 49 MB were resident after
the first answer of a small graph (docs/benchmarks.md), and Lambda's own part is in a
function's memory, too. A floor, not a measure of this model."""


def exclusive(want: Desired, _: Facts) -> Iterator[Finding]:
    """A snapshot excludes what could not be in it."""
    settings = want.function.settings
    if not settings.snap_start:
        return
    fix = "leave it out, or set cold_start=on-demand"
    if settings.mount is not None:
        what = "a snapshot cannot be taken with a mounted file system (mount.arn)"
        yield refused("snapshot-with-mount", what, fix)
    if settings.ephemeral_mb > limits.SNAPSHOT_EPHEMERAL_MB:
        most = limits.SNAPSHOT_EPHEMERAL_MB
        what = f"a snapshot allows {most} MB of /tmp, not {settings.ephemeral_mb}"
        yield refused(
            "snapshot-with-scratch", what, f"set ephemeral_mb={most}, or {fix}"
        )
    if any(isinstance(r, ProvisionedConcurrency) for r in want.resources):
        what = "environments are either restored from a snapshot or kept started"
        yield refused("snapshot-with-provisioned", what, "set cold_start=provisioned")


def patience(want: Desired, _: Facts) -> Iterator[Finding]:
    """An HTTP API answers for the function before it may be done."""
    longest = (limits.HTTP_API_TIMEOUT_MS.stop - 1) // 1000
    timeout = want.function.settings.timeout_s
    if timeout > longest and any(isinstance(r, HttpApi) for r in want.resources):
        what = (
            f"the HTTP API gives up after {longest} s, the function after {timeout} s"
        )
        yield warning("api-timeout", what, f"set timeout_s={longest}, or use url.auth")


def network(want: Desired, facts: Facts) -> Iterator[Finding]:
    """The first start in a private network is slow, and it has its own way out."""
    settings = want.function.settings
    if not settings.subnets:
        return
    yield note("network-first-start", "joining a private network first takes minutes")
    if settings.model_url and facts.place is not None:
        service = f"com.amazonaws.{facts.place.region}.s3"
        what = "the model comes from S3, which the private network must let through"
        yield warning("network-without-s3", what, f"have an endpoint for {service}")


def memory(want: Desired, facts: Facts) -> Iterator[Finding]:
    """The model fits the function."""
    model, has = facts.model, want.function.settings.memory_mb
    if model is None:
        return
    if model.memory_mb > has:
        what = f"the model was measured to need {model.memory_mb} MB, not {has}"
        yield refused("memory", what, f"set memory_mb={_rounded(model.memory_mb)}")
        return
    least = _RUNTIME_MB + model.bytes // _MB
    if not model.memory_mb and least > has:
        what = f"a bundle of {model.bytes / _MB:.0f} MB needs {least} MB, not {has}"
        yield refused("memory", what, f"set memory_mb={_rounded(least)}")


def _rounded(mb: int) -> int:
    """With some room, in steps of 64 MB, within what Lambda has."""
    wished = -(-(mb * 5 // 4) // 64) * 64
    return min(wished, limits.MEMORY_MB.stop - 1)


def scratch(want: Desired, facts: Facts) -> Iterator[Finding]:
    """A model that is fetched fits into `/tmp`."""
    model, settings = facts.model, want.function.settings
    if model is None or not settings.model_url:
        return
    needs = -(-model.bytes // _MB)
    if needs > settings.ephemeral_mb:
        what = (
            f"the model of {needs} MB is fetched to {settings.ephemeral_mb} MB of /tmp"
        )
        fix = f"set ephemeral_mb={min(needs, limits.EPHEMERAL_MB.stop - 1)}"
        yield refused("scratch", what, fix)


def payload(_: Desired, facts: Facts) -> Iterator[Finding]:
    """A request such as the model's own example goes through."""
    size = facts.model.example_bytes if facts.model else 0
    if size > limits.SYNC_PAYLOAD_BYTES:
        what = (
            f"a request with the model's example has {size / _MB:.1f} MB; "
            f"Lambda takes {limits.SYNC_PAYLOAD_BYTES // _MB}"
        )
        yield warning("payload", what, "send fewer rows at once")
