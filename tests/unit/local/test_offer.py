"""What the embedded cloud has not, it refuses."""

import platform
from dataclasses import replace

import pytest

from mlflow_serverless.local.offer import check_offered
from mlflow_serverless.plan import (
    ChangeSettings,
    CreateFunction,
    Function,
    LogGroup,
    MakeResource,
    Mount,
    ReplaceArtifact,
    Settings,
)
from mlflow_serverless.plan.errors import NotOfferedError

PLAIN = Settings(memory_mb=128, timeout_s=3)
ELSEWHERE = {
    "role": "arn:r", "kms_key": "arn:k", "subnets": ("s",), "security_groups": ("g",),
    "mount": Mount(arn="arn:m", path="/mnt/m"), "snap_start": True, "tracing": True,
    "log_group": "l", "log_format": "JSON", "dead_letter": "arn:d",
    "model_url": "s3://b/k",
}  # fmt: skip


def test_every_setting_is_either_honoured_or_refused():
    """A new one cannot be forgotten here."""
    honoured = {
        "memory_mb", "timeout_s", "ephemeral_mb", "environment", "concurrency",
        "architecture",
    }  # fmt: skip

    assert honoured | set(ELSEWHERE) == set(Settings.__slots__)


@pytest.mark.parametrize(("key", "value"), ELSEWHERE.items())
def test_what_only_aws_has_is_refused(key, value):
    """When it is made, and when it is changed."""
    settings = replace(PLAIN, **{key: value})
    function = Function(name="it", artifact="a", settings=settings)

    for step in (CreateFunction(function, ()), ChangeSettings("it", settings)):
        with pytest.raises(NotOfferedError, match="lambda:/local"):
            check_offered(step)


def test_nothing_stands_around_a_function_here():
    """Not even a log group."""
    with pytest.raises(NotOfferedError, match="no log group"):
        check_offered(MakeResource("it", LogGroup(name="l")))


def test_functions_run_on_this_machines_processor():
    """Another one is refused; its own may be named."""
    other = "x86_64" if platform.machine() in {"arm64", "aarch64"} else "arm64"
    own = "arm64" if other == "x86_64" else "x86_64"

    check_offered(ReplaceArtifact("it", "a", own))
    check_offered(ChangeSettings("it", replace(PLAIN, architecture=own)))
    with pytest.raises(NotOfferedError, match=f"no {other} processor"):
        check_offered(ReplaceArtifact("it", "a", other))
