"""Images in another account's registry: asked for there, logged in to there."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from mlflow_serverless.aws import AwsCloud
from mlflow_serverless.aws.ecr import Repositories
from mlflow_serverless.aws.images import Images
from mlflow_serverless.plan import Actual, Function, Settings
from mlflow_serverless.preflight import inspect
from tests.fakes.aws.account import unbuilt
from tests.fakes.tell import silent

OTHER = "999999999999"
HOST = f"{OTHER}.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"{HOST}/models@{DIGEST}"
TAG = f"it-{'a' * 12}"
PULLED = json.dumps({
    "Statement": {
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    },
})  # fmt: skip


@pytest.fixture
def ecr(access):
    """ECR by botocore's own stub: the stand-in has one account only."""
    with Stubber(access.client("ecr")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def cloud(access):
    """One that asks through the stubbed client."""
    return AwsCloud(access, unbuilt, silent)


@pytest.fixture
def theirs(want):
    """A deployment of an image in another account's registry."""
    wished = want()
    return replace(wished, function=replace(wished.function, artifact=IMAGE))


def test_preflight_looks_into_that_account_s_registry(theirs, cloud, ecr):
    """A repository of the same name here would be another one."""
    asked = {"registryId": OTHER, "repositoryNames": ["models"]}
    found = {"repositoryName": "models", "imageTagMutability": "IMMUTABLE"}
    policy = {"registryId": OTHER, "repositoryName": "models"}
    ecr.add_response("describe_repositories", {"repositories": [found]}, asked)
    ecr.add_response("get_repository_policy", {"policyText": PULLED}, policy)
    facts = cloud.facts(theirs)

    assert ("models", True, True) == (
        facts.repository.name, facts.repository.there, facts.repository.immutable,
    )  # fmt: skip
    assert not [f for f in inspect(theirs, facts) if f.code.startswith("repository")]


def test_what_that_account_does_not_show_is_said(theirs, cloud, ecr):
    """Whoever may push there may not look: a warning, and no refusal."""
    ecr.add_client_error(
        "describe_repositories", "AccessDeniedException",
        "User: me is not authorized to perform: ecr:DescribeRepositories on resource: "
        f"arn:aws:ecr:us-east-1:{OTHER}:repository/models",
    )  # fmt: skip
    facts = cloud.facts(theirs)

    assert (None, ("ecr:DescribeRepositories",)) == (facts.repository, facts.denied)


def test_the_login_is_for_that_account_s_registry(access, ecr):
    """Its host, and a token that it takes."""
    token = base64.b64encode(b"AWS:password").decode()
    data = {
        "authorizationToken": token, "proxyEndpoint": f"https://{HOST}",
        "expiresAt": datetime(2030, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    answer = {"authorizationData": [data]}
    ecr.add_response("get_authorization_token", answer, {"registryIds": [OTHER]})

    host, login = Repositories(access).login(OTHER)

    assert (HOST, "password") == (host, login().password)


def test_an_image_that_is_there_is_tagged_there(access, ecr):
    """Nothing is pushed; the tag says there, too, who keeps it."""
    asked = {
        "registryId": OTHER, "repositoryName": "models",
        "imageIds": [{"imageDigest": DIGEST}],
    }  # fmt: skip
    image = {
        "imageId": {"imageDigest": DIGEST}, "imageManifest": "{}",
        "imageManifestMediaType": "application/json",
    }  # fmt: skip
    for _ in range(2):
        ecr.add_response("batch_get_image", {"images": [image]}, asked)
    put = {
        "registryId": OTHER, "repositoryName": "models", "imageTag": TAG,
        "imageManifest": "{}", "imageDigest": DIGEST,
        "imageManifestMediaType": "application/json",
    }  # fmt: skip
    ecr.add_response("put_image", {"image": image}, put)

    Images(access, unbuilt, silent).put("it", IMAGE)


def test_what_is_kept_there_is_read_back_and_taken_away_there(access, ecr):
    """By that registry's account; its images by other deployments' tags stay out."""
    ours = {"imageDigest": DIGEST, "imageTags": [TAG]}
    theirs = {"imageDigest": f"sha256:{'b' * 64}", "imageTags": ["x-bbbbbbbbbbbb"]}
    own = {"registryId": access.place.account, "repositoryName": "mlflow-serverless/it"}
    for asked, images in (
        (own, []),
        ({"registryId": OTHER, "repositoryName": "models"}, [ours, theirs]),
    ):
        ecr.add_response("describe_images", {"imageDetails": images}, asked)
    untag = {
        "registryId": OTHER, "repositoryName": "models",
        "imageIds": [{"imageTag": TAG}],
    }  # fmt: skip
    ecr.add_response("batch_delete_image", {}, untag)
    settings = Settings(memory_mb=256, timeout_s=5)
    have = Actual(
        name="it", function=Function(name="it", artifact=IMAGE, settings=settings)
    )
    images = Images(access, unbuilt, silent)

    assert [IMAGE] == list(images.kept(have, access.place.registry))
    images.remove("it", IMAGE)
