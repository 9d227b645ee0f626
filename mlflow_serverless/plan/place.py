"""Where in AWS a deployment lives: what every ARN begins with."""

from dataclasses import dataclass

_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""Partition to what its host names end with; from botocore 1.44.5's partitions.json."""


_REGIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""What regions of other partitions begin with."""


def partition_of(region: str) -> str:
    """The partition that *region* is in."""
    found = (p for start, p in _REGIONS.items() if region.startswith(start))
    return next(found, "aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One account, in one region."""

    region: str
    account: str
    """Twelve digits."""
    partition: str = "aws"
    """`aws`, `aws-us-gov`, `aws-cn`, ...: what every ARN begins with."""
    caller: str = ""
    """ARN of whoever deploys."""
    role: str = ""
    """ARN of the role that was assumed to deploy; empty if none was."""

    @property
    def suffix(self) -> str:
        """What host names end with: `amazonaws.com`."""
        return _SUFFIXES[self.partition]

    def __str__(self) -> str:
        """The same for whoever gets there, by whatever target: `aws:ACCOUNT:REGION`."""
        return f"{self.partition}:{self.account}:{self.region}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a *resource* of this account, in this region."""
        where = f"{service}:{self.region}:{self.account}"
        return f"arn:{self.partition}:{where}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """The ARN of a *resource* of this account that has no region (IAM's)."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    def bucket_arn(self, bucket: str) -> str:
        """The ARN of an S3 bucket, or of keys in it (`BUCKET/PREFIX/*`)."""
        return f"arn:{self.partition}:s3:::{bucket}"

    def secret_arn(self, name: str) -> str:
        """
        The ARN of the secret *name*: Secrets Manager adds six characters of its own,
        which no other secret's ARN can stand for.
        """
        return self.arn("secretsmanager", f"secret:{name}-??????")

    @property
    def registry(self) -> str:
        """The host of this account's image registry."""
        return f"{self.account}.dkr.ecr.{self.region}.{self.suffix}"
