"""Dependencies, runtime, model: each its own layer, each made once."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lambda_runtime import packed
from mlflow_serverless.build.archive import Entries, entries_of, write_tar
from mlflow_serverless.build.base import Base
from mlflow_serverless.build.elf import require_fit
from mlflow_serverless.build.image import Layer, LayerName
from mlflow_serverless.build.needs import Needs
from mlflow_serverless.build.options import Architecture
from mlflow_serverless.build.platforms import wheel_platform
from mlflow_serverless.build.resolve import install, lock
from mlflow_serverless.build.toolchain import Toolchain
from mlflow_serverless.build.trim import trim
from mlflow_serverless.package import Bundle, read_bundle
from mlflow_serverless.store import ContentStore, digest_file, key_of

TASK = "var/task"
"""Lambda's folder for what is ours."""

OURS = Path(packed.__file__).parent

_FORMAT = 2
"""Raised when the same inputs are to give other bytes."""

DOORSTEP = ("lambda_runtime", "lambda_runtime.__main__", packed.__name__)
"""Modules of ours that are read before it is known where all others are."""

_CODE, _WEIGHTS = 6, 1
"""Compression: weights hardly shrink, and there is much of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A layer and its file."""

    layer: Layer
    path: Path


def lock_for(
    needs: Needs, base: Base, architecture: Architecture, store: ContentStore
) -> str:
    """
    What *needs* comes to on *base*; resolved once, then kept.

    Raises:
        BaseTooOldError, DependenciesError: There are no wheels for it.
    """
    platform = wheel_platform(architecture, base.reference, base.facts.glibc)
    python = base.facts.minor

    def make(folder: Path) -> None:
        text = lock(needs, folder, platform=platform, python=python)
        (folder / "requirements.lock").write_text(text)

    key = key_of(needs=asdict(needs), platform=platform, python=python)
    folder = store.obtain("image-locks", key, make).folder
    return (folder / "requirements.lock").read_text()


def dependencies(
    needs: Needs, lock_text: str, base: Base, architecture: Architecture,
    store: ContentStore,
) -> Archive:  # fmt: skip
    """
    Wheels, trimmed, checked and compiled.

    Raises:
        DependenciesError: One cannot be had.
        WrongArchitectureError, GlibcError: One does not run on the base.
    """
    platform = wheel_platform(architecture, base.reference, base.facts.glibc)

    def stage(folder: Path) -> Entries:
        site = folder / "site"
        site.mkdir()
        install(lock_text, site, folder, platform=platform, python=base.facts.minor)
        trim(site, needs)
        require_fit(
            site, entries_of(site).values(), architecture, base.reference,
            base.facts.glibc,
        )  # fmt: skip
        base.toolchain.compile(site, f"/{TASK}")
        return _under_task(site)

    key = key_of(lock=lock_text, keep=needs.keep, platform=platform)
    return _obtain("dependencies", key, stage, base.toolchain, store, _CODE)


def runtime(base: Base, store: ContentStore) -> Archive:
    """Our own code, as `lay_out_runtime` does."""

    def stage(folder: Path) -> Entries:
        site = folder / "site"
        lay_out_runtime(site, base.toolchain)
        return _under_task(site)

    key = key_of(sources=_sources(OURS.name))
    return _obtain("runtime", key, stage, base.toolchain, store, _CODE)


def lay_out_runtime(site: Path, toolchain: Toolchain) -> None:
    """Put our own code into *site*: sources to read, and their bytecode in one file."""
    _copy(OURS.name, site)
    toolchain.compile(site, f"/{TASK}")
    copy = site / OURS.name
    toolchain.pack(copy, copy / packed.FILE, left=DOORSTEP)


def model(
    bundle: Bundle, base: Base, architecture: Architecture, store: ContentStore
) -> Archive:
    """
    The bundle as it is: its bytecode would be outside of its digest.

    Raises:
        BundleCorruptError: A file is not what the manifest says.
        WrongArchitectureError, GlibcError: A library in it does not run on the base.
    """

    def stage(_: Path) -> Entries:
        sound = read_bundle(bundle.folder)
        names = ["manifest.json", *(file.path for file in sound.manifest.files)]
        files = [bundle.folder / name for name in names]
        require_fit(
            bundle.folder, files, architecture, base.reference, base.facts.glibc
        )
        return {f"{TASK}/bundle/{name}": bundle.folder / name for name in names}

    key = key_of(bundle=bundle.digest)
    return _obtain("model", key, stage, base.toolchain, store, _WEIGHTS)


def code(packages: Sequence[str], base: Base, store: ContentStore) -> Archive:
    """Whole packages of ours, compiled: what a tool runs."""

    def stage(folder: Path) -> Entries:
        site = folder / "site"
        for name in packages:
            _copy(name, site)
        base.toolchain.compile(site, f"/{TASK}")
        return _under_task(site)

    key = key_of(code={name: _sources(name) for name in packages})
    return _obtain("runtime", key, stage, base.toolchain, store, _CODE)


def _copy(package: str, site: Path) -> None:
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(OURS.parent / package, site / package, ignore=ours)


def _sources(package: str) -> dict[str, str]:
    """Digest of every file of *package*: both of ours are one distribution's."""
    folder = OURS.parent / package
    return {
        path.relative_to(folder).as_posix(): digest_file(path)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _under_task(site: Path) -> Entries:
    return {f"{TASK}/{name}": path for name, path in entries_of(site).items()}


def _obtain(  # noqa: PLR0913, PLR0917 - what, from what, by what, where
    name: LayerName, key: str, stage: Callable[[Path], Entries],
    toolchain: Toolchain, store: ContentStore, level: int,
) -> Archive:  # fmt: skip
    def make(folder: Path) -> None:
        work = folder / "work"
        work.mkdir()
        tar, blob = work / "layer.tar", folder / "blob"
        diff_id, size = write_tar(stage(work), tar)
        toolchain.gzip(tar, blob, level=level)
        shutil.rmtree(work)
        layer = Layer(
            name=name, digest=f"sha256:{digest_file(blob)}", diff_id=diff_id,
            bytes=blob.stat().st_size, unpacked_bytes=size,
        )  # fmt: skip
        (folder / "layer.json").write_text(json.dumps(asdict(layer)))

    whole = key_of(
        format=_FORMAT, name=name, of=key, by=toolchain.origin,
        release=toolchain.release, level=level,
    )  # fmt: skip
    folder = store.obtain("image-layers", whole, make).folder
    layer = Layer(**json.loads((folder / "layer.json").read_text()))
    return Archive(layer=layer, path=folder / "blob")
