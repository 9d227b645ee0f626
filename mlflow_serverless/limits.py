"""AWS Lambda's numbers, each with source and date; the only place they appear.

Sources: the Lambda API model in botocore 1.44.5 and the Lambda developer guide, read
in November 2026. The embedded cloud holds deployments to the same numbers, so that
what runs locally is not refused later.
"""

import re

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
"""CreateFunction FunctionName; 64 characters when only the name is given."""

ALIAS_NAME = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}")
"""CreateAlias Name: a number alone would be a version."""

MEMORY_MB = range(128, 10_240 + 1)
"""CreateFunction MemorySize [MB]; 32,768 only on managed instances."""

TIMEOUT_S = range(1, 900 + 1)
"""CreateFunction Timeout [s]."""

EPHEMERAL_MB = range(512, 10_240 + 1)
"""EphemeralStorage Size [MB]."""

SNAPSHOT_EPHEMERAL_MB = 512
"""Most `/tmp` with SnapStart [MB]."""

MOUNT_PATH = re.compile(r"/mnt/[a-zA-Z0-9-_.]+")
"""FileSystemConfig LocalMountPath."""

MB_PER_VCPU = 1_769
"""Memory that brings one full virtual CPU [MB]."""

SYNC_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Invoke, RequestResponse: each way [bytes]."""

ASYNC_PAYLOAD_BYTES = 1024 * 1024
"""Invoke, Event [bytes]."""

INIT_SECONDS = 10
"""Longest initialisation before the platform starts it again [s]."""

ENVIRONMENT_BYTES = 4 * 1024
"""All environment variables together [bytes]."""

DESCRIPTION_CHARS = 256
"""Description of a version or an alias [characters]."""

TAGS = 50
"""Tags on one function."""

TAG_KEY_CHARS = 128
TAG_VALUE_CHARS = 256

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
    2557, 2922, 3288, 3653,
)  # fmt: skip
"""PutRetentionPolicy retentionInDays [days]."""

UNRESERVED_CONCURRENCY = 100
"""Concurrent executions that reservations must leave to the account."""

HTTP_API_TIMEOUT_MS = range(50, 30_000 + 1)
"""CreateIntegration TimeoutInMillis of an HTTP API [ms]."""

CONCURRENCY = 1_000
"""Concurrent executions an account has at first."""

IMAGE_BYTES = 10 * 2**30
"""Container image, all layers unpacked [bytes]."""

MANAGED_POLICY_CHARS = 6_144
"""One managed policy, white space not counted (IAM and STS quotas)."""
