"""The room's verb."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.build import layers as parts
from mlflow_serverless.build.base import Base, find_base
from mlflow_serverless.build.builder import Builder, Daemonless
from mlflow_serverless.build.errors import ImageTooLargeError
from mlflow_serverless.build.image import Image, ImageSpec, Layer
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

if TYPE_CHECKING:
    from mlflow_serverless.build.layers import Archive

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
        tell(f"{ROOM}.step", what=f"the base {options.base}")
        base = find_base(options, builder, store)
        archives, lock = _archives(bundle, options, base, store, tell)
        spec = image_spec(bundle, options, base, lock)
        ours = tuple(archive.layer for archive in archives)
        every = (*base.layers, *ours)
        _require_room(every)

        def make(folder: Path) -> None:
            builder.assemble(base, archives, spec)
            _write(folder, bundle, base, archives, spec)

        key = key_of(
            config=configuration(spec, base.config, every).hex(),
            layers=[layer.digest for layer in every], builder=options.builder,
        )  # fmt: skip
        made = store.obtain("images", key, make)
        image = read_layout(made.folder)
        said.say(
            _sentence(image), fresh=made.fresh, digest=image.digest,
            layers={layer.name: layer.bytes for layer in ours},
        )  # fmt: skip
    return image


def _builder(
    options: BuildOptions, store: ContentStore, tell: Tell, registry: Open
) -> Builder:
    if options.builder == "daemonless":
        return Daemonless(registry, store, tell)
    from mlflow_serverless.build.docker import DockerEngine  # noqa: PLC0415 - an extra

    return DockerEngine(store, tell)


def _archives(
    bundle: Bundle, options: BuildOptions, base: Base, store: ContentStore, tell: Tell
) -> "tuple[Sequence[Archive], str]":
    needs = needs_for(bundle, options)
    tell(f"{ROOM}.step", what=", ".join(needs.requirements))
    lock = options.lock or parts.lock_for(needs, base, options.architecture, store)
    found = [parts.dependencies(needs, lock, base, options.architecture, store)]
    tell(f"{ROOM}.step", what="runtime and model")
    found += [parts.runtime(base, store), parts.model(bundle, base, store)]
    return found, lock


def _require_room(layers: Sequence[Layer]) -> None:
    total = sum(layer.unpacked_bytes for layer in layers)
    if total > IMAGE_BYTES:
        sizes = [(layer.name, layer.unpacked_bytes) for layer in layers]
        raise ImageTooLargeError(total, IMAGE_BYTES, sizes)


def _write(
    folder: Path, bundle: Bundle, base: Base, archives: "Sequence[Archive]",
    spec: ImageSpec,
) -> None:  # fmt: skip
    every = (*base.layers, *(archive.layer for archive in archives))
    config = configuration(spec, base.config, every)
    document = manifest(config, every)
    blobs = {**base.blobs, **{x.layer.digest: x.path for x in archives}}
    write_layout(
        folder, (config, document), blobs, record_of(spec, every, bundle.digest)
    )
    bom = bill(bundle, spec, digest_of(document), base.config.get("created"))
    (folder / "sbom.cdx.json").write_text(bom)
    (folder / "requirements.lock").write_text(spec.lock)


def _sentence(image: Image) -> str:
    ours = [layer for layer in image.layers if layer.name != "base"]
    parts_ = ", ".join(f"{layer.name} {layer.bytes / 1e6:.1f} MB" for layer in ours)
    return f"{image.digest[:19]} for {image.architecture}: {parts_}"
