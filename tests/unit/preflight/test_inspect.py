"""Every rule: what it finds, what it leaves alone, and what it tells to type."""

from dataclasses import replace

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import Place, Weight
from mlflow_serverless.preflight import (
    AccountFacts,
    Facts,
    ImageFacts,
    ModelFacts,
    RepositoryFacts,
    RoleFacts,
    inspect,
)
from mlflow_serverless.preflight.image import SNAPSHOT_LABEL
from mlflow_serverless.secure import repository_policy, trust_policy

PLACE = Place(region="eu-central-1", account="123456789012")
MB = 1024 * 1024
IMAGE = ImageFacts(
    media_type="application/vnd.oci.image.manifest.v1+json",
    layer_types=("application/vnd.oci.image.layer.v1.tar+gzip",),
    uncompressed_bytes=300 * MB,
    architecture="amd64",
    python="3.12",
)
FINE = Facts(
    place=PLACE,
    account=AccountFacts(concurrency=1000, unreserved=1000),
    role=RoleFacts(arn="arn:r", there=True, trust=trust_policy()),
    repository=RepositoryFacts(
        name="shared", there=True, policy=repository_policy(PLACE, "*")
    ),
    image=IMAGE,
    model=ModelFacts(bytes=10 * MB, memory_mb=200, example_bytes=1000),
)
POINT = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/f"
VPC = {"vpc.subnets": "subnet-1", "vpc.security_groups": "sg-1"}


def found(facts: Facts = FINE, **given):
    want = outline("fraud", parse(given), PLACE)
    return {f.code: f for f in inspect(want, facts)}


def with_image(**given) -> Facts:
    return replace(FINE, image=replace(IMAGE, **given))


def beside_notes(facts: Facts = FINE, **given):
    return [f for f in found(facts, **given).values() if f.weight is not Weight.NOTE]


def test_what_is_fine_is_not_held_against_it():
    """Nor is what is not known."""
    assert [] == beside_notes()
    assert {} == found(Facts())


CASES = [
    ("concurrency-quota", FINE, {"concurrency": 901}, "set at most 900"),
    ("concurrency-quota", FINE, {"provisioned": 901}, "Service Quotas"),
    ("provisioned-beyond-concurrency", FINE, {"provisioned": 9, "concurrency": 8},
     "set concurrency=9"),
    ("role-missing", replace(FINE, role=RoleFacts(arn="r", there=False)), {}, "role"),
    ("role-trust",
     replace(FINE, role=RoleFacts(arn="r", there=True, trust='{"Statement":[]}')),
     {}, "sts:AssumeRole"),
    ("role-trust",
     replace(FINE, role=RoleFacts(
         arn="r", there=True,
         trust=trust_policy().replace("lambda.", "ec2."))), {}, "trust policy"),
    ("repository-missing",
     replace(FINE, repository=RepositoryFacts(name="s", there=False)), {}, "make it"),
    ("repository-policy",
     replace(FINE, repository=RepositoryFacts(name="s", there=True)), {},
     "ecr:BatchGetImage"),
    ("other-region", FINE,
     {"kms_key": "arn:aws:kms:us-east-1:123456789012:key/k"}, "eu-central-1"),
    ("other-partition", FINE, {"role": "arn:aws-cn:iam::123456789012:role/r"}, "aws"),
    ("snapshot-with-mount", FINE,
     {"cold_start": "snapshot", "mount.arn": POINT, **VPC}, "on-demand"),
    ("snapshot-with-scratch", FINE,
     {"cold_start": "snapshot", "ephemeral_mb": 1024}, "ephemeral_mb=512"),
    ("memory", replace(FINE, model=ModelFacts(memory_mb=1500)), {},
     "set memory_mb=1920"),
    ("memory", replace(FINE, model=ModelFacts(bytes=1000 * MB)), {},
     "set memory_mb=1344"),
    ("image-manifest",
     with_image(media_type="application/vnd.oci.image.index.v1+json"), {}, "direct"),
    ("image-layer",
     with_image(layer_types=("application/vnd.oci.image.layer.v1.tar+zstd",)), {},
     "gzip"),
    ("image-size", with_image(uncompressed_bytes=10 * 1024**3 + 1), {}, "model_store"),
    ("image-architecture", FINE, {"image.architecture": "arm64"}, "architecture"),
    ("image-snapshot", with_image(python=""), {"cold_start": "snapshot"}, "LABEL"),
    ("image-snapshot", with_image(python="3.11"), {"cold_start": "snapshot"}, "3.12"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "given", "fix"), CASES)
def test_what_would_fail_is_refused_with_what_to_type(code, facts, given, fix):
    """One finding, for one thing."""
    (finding,) = (f for f in found(facts, **given).values() if f.code == code)

    assert Weight.REFUSED is finding.weight
    assert fix in finding.fix


def test_what_the_deployment_has_already_is_not_asked_for_again():
    """Deploying it a second time is no refusal."""
    account = AccountFacts(concurrency=1000, unreserved=500)

    had = replace(FINE, account=account, held=500)

    assert [] == beside_notes(had, concurrency=500)
    assert beside_notes(replace(FINE, account=account), concurrency=500)


def test_a_model_that_is_fetched_fits_the_scratch_space():
    """It is kept in /tmp."""
    want = outline("it", parse({"image.model_store": "own"}), PLACE)
    settings = replace(want.function.settings, model_url="s3://b/it/1")
    want = replace(want, function=replace(want.function, settings=settings))
    facts = Facts(place=PLACE, model=ModelFacts(bytes=900 * MB, memory_mb=100))

    (finding,) = (f for f in inspect(want, facts) if f.code != "memory")

    assert "scratch" == finding.code
    assert "900 MB fetched" in finding.what
    assert "set ephemeral_mb=900" == finding.fix


@pytest.mark.parametrize(
    ("code", "facts", "given"),
    [
        ("not-checked", Facts(denied=("lambda:GetAccountSettings",)), {}),
        ("code-storage",
         replace(FINE, account=AccountFacts(
             concurrency=1000, unreserved=1000, code_bytes=95, code_bytes_most=100)),
         {}),
        ("mutable-tags",
         replace(FINE, repository=RepositoryFacts(
             name="s", there=True, policy=repository_policy(PLACE, "*"),
             immutable=False)), {}),
        ("api-timeout", FINE, {"api.auth": "iam", "timeout_s": 31}),
        ("payload", replace(FINE, model=ModelFacts(example_bytes=7 * MB)), {}),
        ("memory", replace(FINE, model=ModelFacts(memory_mb=850)), {}),
    ],
)  # fmt: skip
def test_what_may_surprise_is_a_warning(code, facts, given):
    """Nothing is stopped by it."""
    assert Weight.WARNING is found(facts, **given)[code].weight


def test_what_the_model_took_is_said_with_its_numbers():
    """And what it was asked, so that a reader can judge how far they carry."""
    model = ModelFacts(memory_mb=200, asked=12, largest_bytes=MB // 2)
    said = found(replace(FINE, model=model))["memory"]

    assert Weight.NOTE is said.weight
    for number in ("200 MB", "12 requests", "0.5 MB", "1024 MB"):
        assert number in said.what


def test_what_a_model_writes_fits_the_scratch_space():
    """As measured, wherever the model itself comes from."""
    facts = replace(FINE, model=ModelFacts(memory_mb=100, scratch_bytes=600 * MB))

    assert "set ephemeral_mb=600" == found(facts)["scratch"].fix
    assert "scratch" not in found(facts, ephemeral_mb=600)


def test_a_private_network_is_worth_a_note():
    """The first start in it takes minutes, which looks like a failure."""
    assert Weight.NOTE is found(**VPC)["network-first-start"].weight


def test_a_base_that_says_so_may_be_restored():
    """Whatever Python it has."""
    facts = with_image(python="", labels=(SNAPSHOT_LABEL,))

    assert "image-snapshot" not in found(facts, cold_start="snapshot")
