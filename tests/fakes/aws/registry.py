"""ECR over a real registry: what is pushed there is what ECR says it has."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import bcrypt
from moto.backends import get_backend

from tests.fakes.aws.rest import Answer
from tests.fakes.aws.shelf import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

USER, PASSWORD = "AWS", f"{ACCOUNT}-auth-token"
"""What moto's GetAuthorizationToken gives."""

ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.manifest.v1+json"
)


def htpasswd() -> str:
    """The line that lets holders of ECR's token in."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    return f"{USER}:{hashed}"


class Registry:
    """
    A registry that ECR looks into before it answers.

    Args:
        host: `host:port` of the registry.
        region: Where ECR is.
    """

    def __init__(self, host: str, region: str) -> None:
        self.host, self._region = host, region
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Accept": ACCEPT}

    def answer(self, action: str, body: bytes, by_moto: Callable[[], Answer]) -> Answer:
        """ECR's answer to one request."""
        asked = json.loads(body or b"{}")
        if action == "GetAuthorizationToken":
            return self._with_host(by_moto())
        name = asked.get("repositoryName", "")
        if action == "BatchDeleteImage":
            self._delete(name, asked["imageIds"])
        elif action not in {"CreateRepository", "PutImage"}:
            self.catch_up(name)
        elif action == "PutImage":
            self._tag(name, asked)
        return by_moto()

    def _with_host(self, answer: Answer) -> Answer:
        """A token that leads to this registry, and has not expired already."""
        said = json.loads(answer.body)
        for data in said["authorizationData"]:
            data["proxyEndpoint"] = f"http://{self.host}"
            data["expiresAt"] = time.time() + 12 * 3600
        return Answer(answer.status, json.dumps(said).encode(), answer.headers)

    def catch_up(self, name: str) -> None:
        """Tell moto of images that were pushed since."""
        ecr = get_backend("ecr")[ACCOUNT][self._region]
        repository = ecr.repositories.get(name)
        if repository is None:
            return
        there = {tag for image in repository.images for tag in image.image_tags}
        for tag in sorted(set(self._tags(name)) - there):
            text, digest, kind = self._manifest(name, tag)
            ecr.put_image(
                repository_name=name, image_manifest=text, image_tag=tag,
                image_manifest_mediatype=kind, digest=digest,
            )  # fmt: skip

    def _tags(self, name: str) -> list[str]:
        try:
            with self._open("GET", f"{name}/tags/list") as reply:
                return json.load(reply)["tags"] or []
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise

    def _manifest(self, name: str, wanted: str) -> tuple[str, str, str]:
        with self._open("GET", f"{name}/manifests/{wanted}") as reply:
            headers = reply.headers
            return (
                reply.read().decode(), headers["Docker-Content-Digest"],
                headers["Content-Type"],
            )  # fmt: skip

    def _tag(self, name: str, asked: dict[str, Any]) -> None:
        self._open(
            "PUT", f"{name}/manifests/{asked['imageTag']}",
            asked["imageManifest"].encode(), asked["imageManifestMediaType"],
        ).close()  # fmt: skip

    def _delete(self, name: str, images: list[dict[str, str]]) -> None:
        """As ECR: an image goes with its last tag."""
        for image in images:
            tag = image["imageTag"]
            digest = self._manifest(name, tag)[1]
            others = [t for t in self._tags(name) if t != tag]
            if any(self._manifest(name, other)[1] == digest for other in others):
                continue  # the registry knows no way to take one tag away
            self._open("DELETE", f"{name}/manifests/{digest}").close()

    def _open(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Any:
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        request = urllib.request.Request(
            f"http://{self.host}/v2/{path}", body or None, headers, method=method
        )
        return urllib.request.urlopen(request, timeout=20)
