"""The Docker engine as builder: a `docker build`, and a look at what came out."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_serverless.build.base import Base, Pulled, platform_of
from mlflow_serverless.build.dockerfile import dockerfile
from mlflow_serverless.build.errors import (
    BaseArchitectureError,
    BaseUnsuitableError,
    EngineError,
    LayerDiffersError,
)
from mlflow_serverless.build.image import ImageSpec
from mlflow_serverless.build.layers import Archive
from mlflow_serverless.build.options import Architecture
from mlflow_serverless.build.platforms import PLATFORMS
from mlflow_serverless.build.registry import parse_reference
from mlflow_serverless.build.same import first_difference
from mlflow_serverless.build.unpack import unpack
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Tell

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image as EngineImage

_ROOM = "image-engine"
_EMPTY = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""A tar of nothing: what an engine keeps of an instruction that changed no file."""


class DockerEngine:
    """
    Builds in the local engine, which may know bases that no registry does.

    The layers of the result are compared with ours, entry by entry; being the same,
    ours are what is pushed, so that both builders give the same layers.

    Args:
        store: Keeps the layers of bases.
        tell: Told what the engine says.
    """

    def __init__(self, store: ContentStore, tell: Tell) -> None:
        self._store, self._tell = store, tell
        self._client = _connect()

    def pull(self, base: str, architecture: Architecture) -> Pulled:
        """See `Source`; a base that is in the engine already is not asked for."""
        with _explained():
            image = self._find(base, architecture)
        config_digest = str(image.id)
        key = config_digest.removeprefix("sha256:")
        folder = self._store.obtain(_ROOM, key, lambda to: self._export(image, to))
        config = json.loads((folder.folder / "config.json").read_text())
        if (found := platform_of(config)) != architecture:
            have = found or str(config.get("architecture"))
            raise BaseArchitectureError(base, architecture, (have,))
        diff_ids = config["rootfs"]["diff_ids"]
        blobs = [
            folder.folder / diff_id.removeprefix("sha256:") / "blob"
            for diff_id in diff_ids
        ]
        digest = digest_at(base, image.attrs.get("RepoDigests") or ())
        return Pulled(digest=digest or config_digest, config=config, blobs=blobs)

    def assemble(
        self, base: Base, archives: Sequence[Archive], spec: ImageSpec
    ) -> None:
        """
        Run `docker build`, and see that the layers are what went in.

        Raises:
            EngineError: It failed; with its last words.
            LayerDiffersError: It did something else.
        """
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder) / "context"
            context.mkdir()
            for archive in archives:
                shutil.copyfile(archive.path, context / _name(archive))
            names = [_name(archive) for archive in archives]
            text = dockerfile(spec, names, str(base.settings.get("WorkingDir") or ""))
            (context / "Dockerfile").write_text(text)
            image = self._build(context, spec)
            try:
                _compare(image, base, archives, Path(folder))
            finally:
                with suppress(Exception):  # it stays behind, which harms nobody
                    self._client.images.remove(str(image.id))

    def _find(self, base: str, architecture: Architecture) -> "EngineImage":
        from docker.errors import ImageNotFound  # noqa: PLC0415 - an extra

        try:
            return self._client.images.get(base)
        except ImageNotFound:
            self._tell("build.step", what=f"docker pull {base}")
            platform = f"linux/{PLATFORMS[architecture].oci}"
            return self._client.images.pull(base, platform=platform)

    def _export(self, image: "EngineImage", target: Path) -> None:
        """The configuration and every layer's tar, by diff id."""
        with _saved(image, target) as folder:
            described, config = _contents(folder)
            (target / "config.json").write_text(json.dumps(config))
            diff_ids = config["rootfs"]["diff_ids"]
            for diff_id, layer in zip(diff_ids, described, strict=True):
                place = target / diff_id.removeprefix("sha256:")
                place.mkdir(exist_ok=True)
                if layer.exists():  # the same layer may be there twice
                    layer.replace(place / "blob")

    def _build(self, context: Path, spec: ImageSpec) -> "EngineImage":
        with _explained():
            image, said = self._client.images.build(
                path=str(context), rm=True, forcerm=True, pull=False,
                # An engine's cache is shared: another build may remove what it gave.
                nocache=True, platform=f"linux/{PLATFORMS[spec.architecture].oci}",
            )  # fmt: skip
        for line in said:
            text = str(line.get("stream", "")).strip() if isinstance(line, dict) else ""
            if text:
                self._tell("build.progress", what=text)
        return image


def _connect() -> "DockerClient":
    try:
        import docker  # noqa: PLC0415 - an extra
    except ImportError as cause:
        why = "the docker package is not installed (pip install docker)"
        raise EngineError(why) from cause
    with _explained():
        client = docker.from_env(timeout=600)
        client.ping()
    return client


@contextmanager
def _explained() -> Iterator[None]:
    from docker.errors import BuildError, DockerException  # noqa: PLC0415 - an extra

    try:
        yield
    except BuildError as cause:
        raise EngineError(str(cause.msg)) from cause
    except DockerException as cause:
        raise EngineError(str(cause)) from cause


def digest_at(base: str, known: Iterable[str]) -> str:
    """
    The digest that *base*'s own registry gave an image; empty if it gave none.

    Args:
        base: What the image was asked for by.
        known: `repository@sha256:…` of every registry that an engine has met it in:
            it may be compressed otherwise, and so be called otherwise, in each.
    """
    wanted = parse_reference(base)
    for found in map(parse_reference, known):
        if (found.host, found.repository) == (wanted.host, wanted.repository):
            return found.digest
    return ""


def _name(archive: Archive) -> str:
    return f"{archive.layer.name}.tar.gz"


@contextmanager
def _saved(image: "EngineImage", beside: Path) -> Iterator[Path]:
    """A `docker save` of *image*, unpacked for the length of a `with`."""
    with tempfile.TemporaryDirectory(dir=beside) as name:
        folder = Path(name)
        whole = folder / "saved.tar"
        with whole.open("wb") as out:
            out.writelines(image.save())
        unpack([whole], folder, str(image.id))
        whole.unlink()
        yield folder


def _contents(folder: Path) -> tuple[list[Path], Mapping[str, Any]]:
    """Layers, lowest first, and configuration of a saved image."""
    (described,) = json.loads((folder / "manifest.json").read_text())
    config = json.loads((folder / described["Config"]).read_text())
    return [(folder / name).resolve() for name in described["Layers"]], config


def _compare(
    image: "EngineImage", base: Base, archives: Iterable[Archive], work: Path
) -> None:
    with _saved(image, work) as folder:
        layers, config = _contents(folder)
        diff_ids = config["rootfs"]["diff_ids"]
        below = [layer.diff_id for layer in base.layers]
        if diff_ids[: len(below)] != below:
            why = f"it was built on another image than {base.digest}"
            raise BaseUnsuitableError(base.reference, why)
        above = list(zip(diff_ids, layers, strict=True))[len(below) :]
        made = [path for diff_id, path in above if diff_id != _EMPTY]
        for archive, path in zip(archives, made, strict=True):
            if where := first_difference(archive.path, path):
                raise LayerDiffersError(archive.layer.name, where)
