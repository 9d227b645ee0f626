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
"""What the runtime and its engine take beside a model that could not be measured [MB]:
49 MB were resident after the first answer of a small graph (docs/benchmarks.md), and
Lambda's own part is in a function's memory, too."""

_PLATFORM_MB = 16
"""Room for Lambda's own part, which no measure here sees [MB]."""

_NEARLY_FULL = 0.8
"""Larger requests than those that were asked take more."""


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
    """The model fits the function: as measured, else by a floor."""
    model, has = facts.model, want.function.settings.memory_mb
    if model is None:
        return
    if not model.memory_mb:
        least = _RUNTIME_MB + model.bytes // _MB
        if least > has:
            what = f"a bundle of {model.bytes / _MB:.0f} MB needs {least} MB, not {has}"
            yield refused("memory", what, f"set memory_mb={_rounded(least)}")
        return
    what = (
        f"{model.memory_mb} MB were resident at most while it answered {model.asked} "
        f"requests of up to {model.largest_bytes / _MB:.1f} MB here; the function has "
        f"{has} MB"
    )
    needs = model.memory_mb + _PLATFORM_MB
    if needs > has:
        yield refused("memory", what, f"set memory_mb={_rounded(needs)}")
    elif needs > has * _NEARLY_FULL:
        yield warning("memory", what, f"set memory_mb={_rounded(needs)}")
    else:
        yield note("memory", what)


def _rounded(mb: int) -> int:
    """With some room, in steps of 64 MB, within what Lambda has."""
    wished = -(-(mb * 5 // 4) // 64) * 64
    return min(max(wished, limits.MEMORY_MB.start), limits.MEMORY_MB.stop - 1)


def scratch(want: Desired, facts: Facts) -> Iterator[Finding]:
    """What is fetched, and what is written, fits into `/tmp`."""
    model, settings = facts.model, want.function.settings
    if model is None:
        return
    fetched = model.bytes if settings.model_url else 0
    needs = -(-(fetched + model.scratch_bytes) // _MB)
    if needs <= settings.ephemeral_mb:
        return
    parts = [
        f"{size / _MB:.0f} MB {how}"
        for size, how in ((fetched, "fetched"), (model.scratch_bytes, "written"))
        if size
    ]
    what = f"{settings.ephemeral_mb} MB of /tmp do not hold {' and '.join(parts)}"
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
