"""What functions are made of: images built here, kept in ECR by digest.

Every image carries one tag a deployment, `NAME-DIGEST`: a shared repository says by
itself who needs what, and nothing else has to be remembered.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from mlflow_serverless.aws.ecr import Repositories
from mlflow_serverless.aws.session import Access
from mlflow_serverless.aws.signing import Cosign, EcrSigning
from mlflow_serverless.build import (
    DEFAULT_BASE,
    BuildOptions,
    Image,
    Reference,
    Registry,
    build,
    lines_of,
    parse_reference,
    push,
    read_list,
)
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import Actual, Packing
from mlflow_serverless.plan.errors import ArtifactMissingError
from mlflow_serverless.plan.names import repository
from mlflow_serverless.preflight import ImageFacts
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Tell

Builder = Callable[[Bundle, BuildOptions], Image]

AWS_PYTHON = "public.ecr.aws/lambda/python"
_DIGITS = 12
_HOST = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr[.-]")


class Images:
    """
    Images of deployments.

    Args:
        access: Whose registry.
        builder: Makes them.
        tell: Hears of pushes.
    """

    def __init__(self, access: Access, builder: Builder, tell: Tell) -> None:
        self._repositories, self._build = Repositories(access), builder
        self._tell = tell
        self._by_ecr, self._by_cosign = EcrSigning(access), Cosign()
        self._staged: dict[str, Image] = {}
        self._packings: dict[str, Packing] = {}

    def stage(self, bundle: Bundle, packing: Packing) -> str:
        """Build; the address that the image will have once it is pushed."""
        return self.hold(self._build(bundle, options_of(packing)), packing)

    def hold(self, image: Image, packing: Packing) -> str:
        """The address that *image*, which is built, will have once it is pushed."""
        address = f"{packing.repository}@{image.digest}"
        self._staged[address] = image
        self._packings[address] = packing
        return address

    def facts(self, address: str) -> ImageFacts | None:
        """What preflight must know of an image that was staged; None of others."""
        image = self._staged.get(address)
        if image is None:
            return None
        manifest = json.loads(image.blob(image.digest).read_text())
        config = json.loads(image.blob(image.config_digest).read_text())
        aws_own = image.spec.base.startswith(AWS_PYTHON)
        return ImageFacts(
            media_type=manifest["mediaType"],
            layer_types=tuple(layer["mediaType"] for layer in manifest["layers"]),
            uncompressed_bytes=image.unpacked_bytes,
            architecture=config["architecture"],
            python=image.spec.python if aws_own else "",
            labels=tuple(sorted(image.spec.labels.items())),
        )

    def put(self, name: str, address: str) -> None:
        """
        Push what was staged, or find it there; tagged as the deployment's.

        Raises:
            ArtifactMissingError: It was not staged here, and is not there.
        """
        place = parse_reference(address)
        account, tag = account_of(place), tag_of(name, place)
        image = self._staged.get(address)
        if image is None:
            if self._repositories.manifest(place, account) is None:
                raise ArtifactMissingError(name, address)
            self._repositories.tag(place, account, tag)
            return
        host, login = self._repositories.login(account)
        packing = self._packings[address]
        push(
            image, Registry(host, login), place.repository, tell=self._tell, tag=tag,
            mount_from=packing.mount_from,
        )  # fmt: skip
        if packing.signing == "cosign":
            self._by_cosign.sign(_at(host, place), login)

    def check(self, address: str) -> None:
        """
        Refuse an image that was staged to be signed, and is not.

        Raises:
            UnsignedError: Nobody signed it, or somebody else.
        """
        packing = self._packings.get(address)
        if packing is None or packing.signing == "none":
            return
        place = parse_reference(address)
        account = account_of(place)
        if packing.signing == "ecr":
            self._by_ecr.check(address, place, account)
        else:
            host, login = self._repositories.login(account)
            self._by_cosign.check(_at(host, place), login)

    def remove(self, name: str, address: str) -> None:
        """Take the deployment's tag away; the image goes with its last one."""
        place = parse_reference(address)
        self._repositories.untag(place, account_of(place), tag_of(name, place))

    def kept(self, have: Actual, registry: str) -> Iterator[str]:
        """Addresses of the images that are kept for a deployment."""
        known = {part.artifact for part in have.versions}
        known |= {have.function.artifact} if have.function else set()
        places = {
            (place.host, place.repository)
            for place in map(parse_reference, filter(None, known))
            if _HOST.match(place.host)
        }
        for host, path in sorted({*places, (registry, repository(have.name))}):
            account = account_of(Reference(host, path))
            for image in self._repositories.images(path, account):
                digest = image["imageDigest"]
                place = Reference(host, path, digest=digest)
                if tag_of(have.name, place) in image.get("imageTags", ()):
                    yield f"{host}/{path}@{digest}"


def _at(host: str, place: Reference) -> str:
    return f"{host}/{place.repository}@{place.digest}"


def tag_of(name: str, place: Reference) -> str:
    """The tag by which deployment *name* keeps an image."""
    return f"{name}-{place.digest.removeprefix('sha256:')[:_DIGITS]}"


def account_of(place: Reference) -> str:
    """Whose registry it is."""
    found = _HOST.match(place.host)
    return found["account"] if found else ""


def options_of(packing: Packing) -> BuildOptions:
    """
    How the image is built.

    Raises:
        UnreadableListError: A file of requirements cannot be read.
    """
    python = packing.python_version
    aws_own = f"{AWS_PYTHON}:{python}" if python else DEFAULT_BASE
    return BuildOptions(
        base=packing.base_image or aws_own,
        python=python,
        architecture="arm64" if packing.architecture == "arm64" else "x86_64",
        builder="docker" if packing.builder == "docker" else "daemonless",
        lock=read_list(packing.lock, "image.lock"),
        requirements=lines_of(read_list(packing.requirements, "image.requirements")),
        interpreter=Path(packing.interpreter) if packing.interpreter else None,
    )


def builder(store: ContentStore, tell: Tell) -> Builder:
    """What builds images on this machine; all of its work is kept in *store*."""

    def made(bundle: Bundle, options: BuildOptions) -> Image:
        return build(bundle, options, store, tell)

    return made
