"""What is to be signed is not deployed unsigned."""

import stat
import sys
from dataclasses import replace

import pytest
from botocore.stub import Stubber

from mlflow_serverless.aws.errors import SlowError
from mlflow_serverless.aws.signing import (
    Cosign,
    CosignMissingError,
    EcrSigning,
    UnsignedError,
)
from mlflow_serverless.build import Basic, Reference
from tests.fakes.aws.account import PACE, access_to

PLACE = Reference(
    "123456789012.dkr.ecr.us-east-1.amazonaws.com", "it", digest="sha256:1"
)
IMAGE = f"{PLACE.host}/it@sha256:{'0' * 64}"
ASKED = {
    "registryId": "123456789012", "repositoryName": "it",
    "imageId": {"imageDigest": "sha256:1"},
}  # fmt: skip

COSIGN = """\
#!{python}
import json, os, sys
with open(os.environ["SAID"], "a") as said:
    said.write(json.dumps(sys.argv[1:]) + "\\n")
print("error: no matching signatures", file=sys.stderr)
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def stubbed(access):
    """ECR's signing, which the stand-in lacks, answered by botocore's own stub."""
    with Stubber(access.client("ecr")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def statuses(*found: str) -> dict[str, object]:
    return {
        "repositoryName": "it",
        "signingStatuses": [
            {"status": status, "failureReason": "revoked"} for status in found
        ],
    }


def check(access) -> None:
    EcrSigning(access).check(IMAGE, PLACE, "123456789012")


def test_ecr_s_signature_is_waited_for(access, stubbed):
    """It is made in the background after the push."""
    for found in (["IN_PROGRESS"], ["COMPLETE"]):
        stubbed.add_response("describe_image_signing_status", statuses(*found), ASKED)

    check(access)


def test_a_signature_that_failed_is_refused(access, stubbed):
    """With the reason that AWS Signer gives."""
    stubbed.add_response(
        "describe_image_signing_status", statuses("COMPLETE", "FAILED"), ASKED
    )

    with pytest.raises(UnsignedError, match="revoked"):
        check(access)


def test_a_registry_that_signs_nothing_is_refused(access, stubbed):
    """Rather than waited for in vain."""
    stubbed.add_response("describe_image_signing_status", statuses(), ASKED)
    stubbed.add_client_error(
        "get_signing_configuration", "SigningConfigurationNotFoundException"
    )

    with pytest.raises(UnsignedError, match="put-signing-configuration"):
        check(access)


def test_waiting_for_a_signature_ends(aws):
    """With an error that says to run again."""
    hurried = access_to(aws, replace(PACE, settle_s=0.05, poll_s=0.2))
    with Stubber(hurried.client("ecr")) as stub:
        stub.add_response("describe_image_signing_status", statuses("IN_PROGRESS"))

        with pytest.raises(SlowError):
            check(hurried)


@pytest.fixture
def cosign(tmp_path):
    """A program of that name that notes what it is asked; its environment."""
    program = tmp_path / "cosign"
    program.write_text(COSIGN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {
        "PATH": str(tmp_path), "SAID": str(tmp_path / "said"), "CODE": "0",
        "COSIGN_KEY": "awskms:///alias/it",
    }  # fmt: skip


def test_cosign_is_asked_with_the_key_and_the_login(cosign):
    """By digest; the password is ECR's token."""
    import json

    signer = Cosign(cosign)
    signer.sign(IMAGE, lambda: Basic("AWS", "token"))
    signer.check(IMAGE, lambda: None)

    with open(cosign["SAID"]) as file:
        said = [json.loads(line) for line in file]
    key = ["--key", "awskms:///alias/it"]
    who = ["--registry-username", "AWS", "--registry-password", "token"]
    assert [["sign", "--yes", *key, *who, IMAGE], ["verify", *key, IMAGE]] == said


def test_what_cosign_refuses_is_refused(cosign):
    """In cosign's words."""
    with pytest.raises(UnsignedError, match="no matching signatures"):
        Cosign({**cosign, "CODE": "1"}).check(IMAGE, lambda: None)


@pytest.mark.parametrize("lacking", ["PATH", "COSIGN_KEY"])
def test_cosign_that_is_not_there_is_an_error(cosign, lacking):
    """Never a deployment that is silently unsigned."""
    with pytest.raises(CosignMissingError, match="COSIGN_KEY"):
        Cosign({**cosign, lacking: ""}).sign(IMAGE, lambda: None)
