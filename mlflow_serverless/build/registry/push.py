"""An image to a registry: only what is not there yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless.build.image import Image
from mlflow_serverless.build.registry.client import Registry
from mlflow_serverless.build.registry.receipt import Pushed
from mlflow_serverless.build.registry.upload import Progress
from mlflow_serverless.report import step
from mlflow_serverless.wording import amount
from mlflow_serverless.world import Tell

ROOM = "push"
_TOLD = 100
"""How often progress is told for one blob, at most."""


@dataclass(frozen=True, slots=True)
class _Blob:
    name: str
    digest: str
    bytes: int


def push(  # noqa: PLR0913 - all but three have a name at the call
    image: Image,
    registry: Registry,
    repository: str,
    *,
    tell: Tell,
    tag: str = "",
    mount_from: Sequence[str] = (),
) -> Pushed:
    """
    Bring *image* to *repository*; running again sends nothing.

    Args:
        image: What `build` made.
        registry: Where to.
        repository: Its name there.
        tell: Told `push.progress` with `part`, `sent` and `bytes` of each blob.
        tag: A name beside the digest; empty for none.
        mount_from: Repositories of the same registry that may have the layers.

    Raises:
        TagTakenError: The tag is another image's, and immutable.
        RepositoryMissingError: There is no such repository.
        RegistryDeniedError, RegistryUnreachableError, RegistryRefusedError: As said.
    """
    address = f"{registry.host}/{repository}@{image.digest}"
    way = _Way(registry, repository, tuple(mount_from), tell)
    took = {"sent": 0, "mounted": 0, "present": 0}
    wanted = tag or image.digest
    with step(tell, ROOM, f"{registry.host}/{repository}") as said:
        whole = registry.manifest_digest(repository, wanted) == image.digest
        for blob in _blobs(image):
            how = "present" if whole else way.bring(image.blob(blob.digest), blob)
            took[how] += blob.bytes
        if not whole:
            content = image.blob(image.digest).read_bytes()
            registry.put_manifest(repository, wanted, content, image.media_type)
        said.say(_sentence(took, address), fresh=not whole, **took)
    return Pushed(
        address=address, digest=image.digest, tag=tag, sent_bytes=took["sent"],
        mounted_bytes=took["mounted"], present_bytes=took["present"],
    )  # fmt: skip


def _blobs(image: Image) -> Iterable[_Blob]:
    """Layers and configuration, each once."""
    found = {
        x.digest: _Blob(f"{x.name} layer", x.digest, x.bytes) for x in image.layers
    }
    size = image.blob(image.config_digest).stat().st_size
    return (*found.values(), _Blob("configuration", image.config_digest, size))


@dataclass(frozen=True, slots=True)
class _Way:
    """Where blobs go, and where they might be already."""

    registry: Registry
    repository: str
    sources: tuple[str, ...]
    tell: Tell

    def bring(self, file: Path, blob: _Blob) -> str:
        """Get *blob* there, and say how: `present`, `mounted` or `sent`."""
        if self.registry.has_blob(self.repository, blob.digest):
            return "present"
        for source in self.sources:
            if source != self.repository and self.registry.mount(
                self.repository, blob.digest, source
            ):
                return "mounted"
        hear = _progress(blob, self.tell)
        self.registry.upload(self.repository, file, blob.digest, hear)
        return "sent"


def _progress(blob: _Blob, tell: Tell) -> Progress:
    told = -1

    def hear(sent: int) -> None:
        nonlocal told
        mark = sent * _TOLD // max(blob.bytes, 1)
        if mark != told:
            told = mark
            tell(
                f"{ROOM}.progress", what=blob.name, part=sent / max(blob.bytes, 1),
                sent=sent, bytes=blob.bytes,
            )  # fmt: skip

    return hear


def _sentence(took: dict[str, int], address: str) -> str:
    parts = [f"{amount(size)} {how}" for how, size in took.items() if size]
    return f"{address}: {', '.join(parts)}"
