"""Signed images: signed when they are pushed, looked at before they are deployed.

Lambda's own code signing is for zip files only. What stands in for it: a signature by
the registry itself or by cosign, this gate before every step that puts an image behind
a function, and the digest, by which Lambda runs that image and no other.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from mlflow_serverless.aws.errors import SlowError
from mlflow_serverless.aws.keeper import unless_missing
from mlflow_serverless.aws.session import Access
from mlflow_serverless.build import Basic, Login, Reference
from mlflow_serverless.errors import Kind, ServerlessError

COSIGN_S = 120.0
"""Longest that cosign may take [s]."""


class UnsignedError(ServerlessError):
    """An image is not signed as it has to be."""

    code = "image-unsigned"
    kind = Kind.REFUSED

    def __init__(self, image: str, why: str, hint: str) -> None:
        super().__init__(f"{image} is not signed: {why}.", hint=hint)


class CosignMissingError(ServerlessError):
    """cosign was asked for, and is not there or has no key."""

    code = "cosign-missing"
    kind = Kind.UNSUPPORTED

    def __init__(self, what: str) -> None:
        super().__init__(
            f"images are to be signed by cosign, and {what}.",
            hint="install cosign and set COSIGN_KEY to a key file or a KMS key "
            "(awskms:///alias/NAME), or set image.signing=ecr or none.",
        )


class EcrSigning:
    """
    ECR signs what is pushed, by a rule of the registry; here is only looked.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def check(self, image: str, place: Reference, account: str) -> None:
        """
        Wait until the image is signed.

        Raises:
            UnsignedError: It failed, or no rule covers the repository.
        """
        pace, began = self._access.pace, time.monotonic()
        while time.monotonic() - began <= pace.settle_s:
            found = self._statuses(place, account)
            failed = [s for s in found if s["status"] == "FAILED"]
            if failed:
                why = failed[0].get("failureReason") or "AWS Signer does not say why"
                raise UnsignedError(
                    image, why, "see the signing profile, and push again."
                )
            if found and all(s["status"] == "COMPLETE" for s in found):
                return
            if not found and self._ruleless():
                raise UnsignedError(
                    image, "the registry has no rule to sign it by",
                    "give the registry one (aws ecr put-signing-configuration) with "
                    "an AWS Signer profile, or set image.signing=cosign or none.",
                )  # fmt: skip
            time.sleep(pace.poll_s)
        what = f"the signature of {image}"
        raise SlowError(what, pace.settle_s)

    def _statuses(self, place: Reference, account: str) -> list[dict[str, Any]]:
        found = self._access.client("ecr").describe_image_signing_status(
            registryId=account, repositoryName=place.repository,
            imageId={"imageDigest": place.digest},
        )  # fmt: skip
        return list(found.get("signingStatuses", ()))

    def _ruleless(self) -> bool:
        found = unless_missing(
            self._access.client("ecr").get_signing_configuration,
            "SigningConfigurationNotFoundException",
        )
        return not (found or {}).get("signingConfiguration", {}).get("rules")


class Cosign:
    """
    cosign, with the key that `COSIGN_KEY` names.

    Args:
        environ: Read for the key; given to cosign.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def sign(self, image: str, login: Login) -> None:
        """
        Sign *image*, a reference with a digest.

        Raises:
            CosignMissingError: There is no cosign, or no key.
            UnsignedError: cosign failed.
        """
        self._run("sign", image, login, "--yes")

    def check(self, image: str, login: Login) -> None:
        """
        Verify the signature of *image*.

        Raises:
            UnsignedError: There is none by this key.
        """
        self._run("verify", image, login)

    def _run(self, verb: str, image: str, login: Login, *words: str) -> None:
        program = shutil.which("cosign", path=self._environ.get("PATH"))
        key = self._environ.get("COSIGN_KEY")
        if verb == "verify":
            key = self._environ.get("COSIGN_PUBLIC_KEY") or key
        if program is None or not key:
            lacks = (
                "it is not installed" if program is None else "COSIGN_KEY is not set"
            )
            raise CosignMissingError(lacks)
        who = login()
        command = [program, verb, *words, "--key", key]
        if isinstance(who, Basic):
            command += ["--registry-username", who.user]
            command += ["--registry-password", who.password]
        try:
            done = subprocess.run(
                [*command, image], env=dict(self._environ), capture_output=True,
                text=True, check=False, timeout=COSIGN_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired as cause:
            what = f"cosign {verb} of {image}"
            raise SlowError(what, COSIGN_S) from cause
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["cosign does not say why"]
            raise UnsignedError(image, said[-1].rstrip("."), "sign it, or see the key.")
