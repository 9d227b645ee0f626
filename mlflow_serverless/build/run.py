"""The room's verb."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless.build import layers as parts
from mlflow_serverless.build.base import Base, find_base
from mlflow_serverless.build.builder import Builder, Daemonless
from mlflow_serverless.build.errors import ImageTooLargeError
from mlflow_serverless.build.image import Image, ImageSpec, Layer
from mlflow_serverless.build.layers import Archive
from mlflow_serverless.build.layout import read_layout, record_of, write_layout
from mlflow_serverless.build.manifest import configuration, digest_of, manifest
from mlflow_serverless.build.needs import needs_for
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.build.registry import Registry
from mlflow_serverless.build.sbom import bill
from mlflow_serverless.build.spec import image_spec
from mlflow_serverless.limits import IMAGE_BYTES
from mlflow_serverless.package import Bundle
from mlflow_serverless.report import step
from mlflow_serverless.store import ContentStore, key_of
from mlflow_serverless.world import Tell

ROOM = "build"

Open = Callable[[str], Registry]
"""The registry at a host, with whatever login it needs."""


def build(
    bundle: Bundle,
    options: BuildOptions,
    store: ContentStore,
    tell: Tell,
    *,
    registry: Open = Registry,
) -> Image:
    """
    The image that serves *bundle*, on disk; the same inputs give the same digest.

    Args:
        bundle: What is served.
        options: How the image is made.
        store: Keeps every part by its content; what is there is not made again.
        tell: Told `build.*` events.
        registry: Opens the registry that the base is pulled from.

    Raises:
        BaseTooOldError, BaseUnsuitableError, BaseArchitectureError, BasePythonError:
            The base will not do.
        CompilerMissingError: Nothing here makes the base's bytecode.
        DependenciesError, RequirementsMissingError: No wheels meet what is needed.
        WrongArchitectureError, GlibcError: A library does not run on the base.
        ImageTooLargeError: It has more than Lambda unpacks.
        BundleCorruptError: A file is not what the manifest says.
        EngineError, LayerDiffersError: The Docker engine fails; only with that builder.
        ServerlessError: As the registry's client raises.
    """
    with step(tell, ROOM, f"an image of {bundle.manifest.model.uri}") as said:
        builder = _builder(options, store, tell, registry)
        draft = _draft(bundle, options, builder, store, tell)
        _require_room(draft.layers)

        def make(folder: Path) -> None:
            builder.assemble(draft.base, draft.archives, draft.spec)
            _write(folder, draft)

        key = key_of(
            config=draft.config.decode(), builder=options.builder,
            layers=[layer.digest for layer in draft.layers],
        )  # fmt: skip
        made = store.obtain("images", key, make)
        image = read_layout(made.folder)
        said.say(_sentence(image), fresh=made.fresh, digest=image.digest)
    return image


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """All that an image is, before it is one."""

    bundle: Bundle
    base: Base
    archives: Sequence[Archive]
    spec: ImageSpec

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (*self.base.layers, *(archive.layer for archive in self.archives))

    @property
    def config(self) -> bytes:
        return configuration(self.spec, self.base.config, self.layers)


def _builder(
    options: BuildOptions, store: ContentStore, tell: Tell, registry: Open
) -> Builder:
    if options.builder == "daemonless":
        return Daemonless(registry, store, tell)
    from mlflow_serverless.build.docker import DockerEngine  # noqa: PLC0415 - an extra

    return DockerEngine(store, tell)


def _draft(
    bundle: Bundle,
    options: BuildOptions,
    builder: Builder,
    store: ContentStore,
    tell: Tell,
) -> _Draft:
    """The base, our layers on it, and what the image says of itself."""
    tell(f"{ROOM}.step", what=f"the base {options.base}")
    base = find_base(options, builder, store)
    needs = needs_for(bundle, options)
    tell(f"{ROOM}.step", what=", ".join(needs.requirements))
    lock = options.lock or parts.lock_for(needs, base, options.architecture, store)
    found = [parts.dependencies(needs, lock, base, options.architecture, store)]
    tell(f"{ROOM}.step", what="runtime and model")
    model = parts.model(bundle, base, options.architecture, store)
    found += [parts.runtime(base, store), model]
    spec = image_spec(bundle, options, base, lock)
    return _Draft(bundle=bundle, base=base, archives=found, spec=spec)


def _require_room(layers: Sequence[Layer]) -> None:
    total = sum(layer.unpacked_bytes for layer in layers)
    if total > IMAGE_BYTES:
        sizes = [(layer.name, layer.unpacked_bytes) for layer in layers]
        raise ImageTooLargeError(total, IMAGE_BYTES, sizes)


def _write(folder: Path, draft: _Draft) -> None:
    config = draft.config
    document = manifest(config, draft.layers)
    blobs = {**draft.base.blobs, **{x.layer.digest: x.path for x in draft.archives}}
    record = record_of(draft.spec, draft.layers, draft.bundle.digest)
    write_layout(folder, (config, document), blobs, record)
    created = draft.base.config.get("created")
    bom = bill(draft.bundle, draft.spec, digest_of(document), created)
    (folder / "sbom.cdx.json").write_text(bom)
    (folder / "requirements.lock").write_text(draft.spec.lock)


def _sentence(image: Image) -> str:
    ours = [layer for layer in image.layers if layer.name != "base"]
    parts_ = ", ".join(f"{layer.name} {layer.bytes / 1e6:.1f} MB" for layer in ours)
    return f"{image.digest[:19]} for {image.architecture}: {parts_}"
