"""Models in S3: put once, found again whoever died meanwhile, and taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import AwsCloud
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.pipeline import gc
from mlflow_serverless.plan import (
    MakeResource,
    ModelBucket,
    Packing,
    PutArtifact,
    RemoveArtifact,
    names,
    plan_removal,
)
from mlflow_serverless.secure import Reach, role_policy
from tests.fakes.aws.account import access_to, cloud_of
from tests.fakes.aws.faults import Fault
from tests.fakes.bundles import make_bundle
from tests.fakes.tell import silent
from tests.fakes.worlds import make_world
from tests.unit.aws.test_around import first

if TYPE_CHECKING:
    from mlflow_serverless.package import Bundle
    from tests.fakes.aws.server import Aws

OWN = "mlflow-serverless-123456789012-us-east-1"


@dataclass(frozen=True)
class Store:
    """One deployment's models, in our own bucket or in another."""

    aws: Aws
    name: str
    root: str
    """`BUCKET/PREFIX`."""
    bundle: Bundle

    @property
    def url(self) -> str:
        return f"s3://{self.root}/{self.bundle.digest.removeprefix('sha256:')}"

    def cloud(self) -> AwsCloud:
        """A cloud that was given the bundle, to be put at `url`."""
        image = SimpleNamespace(digest=f"sha256:{'0' * 64}")
        cloud = AwsCloud(access_to(self.aws), lambda *_: image, silent)
        packing = Packing(
            name=self.name, repository="example.com/it", model_url=self.url
        )
        cloud.stage(self.bundle, packing)
        return cloud

    def later(self) -> AwsCloud:
        """A cloud that knows nothing."""
        return cloud_of(self.aws)

    def files(self) -> dict[str, int]:
        """What is kept, and how large it is [bytes]."""
        bucket, _, prefix = self.root.partition("/")
        client = access_to(self.aws).client("s3")
        found = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["Size"] for item in found.get("Contents", ())}


@pytest.fixture(params=["own", "other"])
def store(request, aws, access, name, tmp_path):
    """Both kinds."""
    own = request.param == "own"
    bucket = OWN if own else f"{name}-theirs"
    access.client("s3").create_bucket(Bucket=bucket)
    root = f"{bucket}/{name}" if own else f"{bucket}/models/{name}"
    return Store(aws, name, root, make_bundle(tmp_path / "bundle"))


@pytest.fixture
def died(store, access):
    """Only the role was made and the model put: then the process was killed."""
    reach = Reach(
        name=store.name, log_group=names.log_group(store.name), models=store.root
    )
    policy = role_policy(access.place, reach)
    role = replace(first("role", store.name), policy=policy)
    cloud = store.cloud()
    cloud.perform(MakeResource(store.name, role))
    cloud.perform(PutArtifact(store.name, store.url))
    return store


def test_a_model_is_put_under_its_digest_and_once(store):
    """Again nothing is sent; where it was not given, it has to be there."""
    cloud, name = store.cloud(), store.name
    cloud.perform(PutArtifact(name, store.url))
    store.aws.faults.calls.clear()
    cloud.perform(PutArtifact(name, store.url))
    store.later().perform(PutArtifact(name, store.url))

    assert [] == [call for call in store.aws.faults.calls if call.writes]
    prefix = store.url.removeprefix("s3://").partition("/")[2]
    files = store.bundle.manifest.files
    assert {f"{prefix}/{f.sha256}": f.bytes for f in files} == store.files()
    with pytest.raises(ServerlessError, match="artifact"):
        store.later().perform(PutArtifact(name, f"{store.url}0"))


def test_a_model_without_a_function_is_found_and_deleted(died):
    """By whoever looks later, and knows nothing but the deployment's name."""
    have = died.later().snapshot(died.name)
    assert (died.url,) == have.artifacts

    apply(plan_removal(have), died.later(), silent)

    left = died.later().snapshot(died.name)
    assert ({}, (), ()) == (died.files(), left.artifacts, left.resources)


def test_a_model_without_a_function_is_garbage(died, tmp_path):
    """`gc` takes it away though there is no deployment yet."""
    found = gc(died.name, make_world(tmp_path, died.later()))

    assert (RemoveArtifact(died.name, died.url),) == found.plan.steps
    assert {} == died.files()


def test_half_a_model_is_put_again(died):
    """An upload that was killed is not taken for a model; but it is for garbage."""
    whole = died.files()
    (key,) = whole
    access_to(died.aws).client("s3").put_object(
        Bucket=died.root.partition("/")[0], Key=key, Body=b""
    )
    cloud = died.cloud()

    assert () == cloud.snapshot(died.name).artifacts
    assert (died.url,) == died.later().snapshot(died.name).artifacts
    cloud.perform(PutArtifact(died.name, died.url))
    assert ((died.url,), whole) == (cloud.snapshot(died.name).artifacts, died.files())


def test_who_may_not_look_for_models_may_deploy_without_them(aws, cloud, name):
    """Most deployments have none: nothing more must be allowed for them."""
    aws.faults.decide = lambda call: Fault.DENIED if call.service == "s3" else None

    assert () == cloud.snapshot(name).artifacts


def test_a_bucket_that_was_half_made_is_still_ours(aws, cloud, name):
    """
    The process died right after S3 had made it: the next run finishes it, as its tags
    came with it.
    """
    bucket = ModelBucket(
        name=f"{name}-models", policy="", tags=((names.OWNER, names.SHARED),)
    )
    aws.faults.die_at(0, Fault.RESPONSE_LOST)
    with pytest.raises(ServerlessError):
        cloud.perform(MakeResource(name, bucket))
    aws.faults.heal()
    cloud.perform(MakeResource(name, bucket))

    assert bucket in cloud.snapshot(name, wanted=(bucket,)).resources
