"""The room's verb."""

from collections.abc import Callable
from functools import partial

from mlflow_serverless.build import layers as parts
from mlflow_serverless.build.base import find_base
from mlflow_serverless.build.builder import Builder, Daemonless
from mlflow_serverless.build.draft import Draft, assembled
from mlflow_serverless.build.image import Image
from mlflow_serverless.build.needs import needs_for
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.build.registry import Registry
from mlflow_serverless.build.sbom import bill
from mlflow_serverless.build.spec import image_spec
from mlflow_serverless.package import Bundle
from mlflow_serverless.report import step
from mlflow_serverless.store import ContentStore
from mlflow_serverless.wording import amount
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
        builder = builder_of(options, store, tell, registry)
        draft = _draft(bundle, options, builder, store, tell)
        image, fresh = assembled(draft, options, builder, store)
        said.say(_sentence(image), fresh=fresh, digest=image.digest)
    return image


def builder_of(
    options: BuildOptions, store: ContentStore, tell: Tell, registry: Open
) -> Builder:
    """Who puts an image together, as *options* say."""
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
) -> Draft:
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
    return Draft(
        base=base, archives=found, spec=spec, bundle=bundle.digest,
        bill=partial(bill, bundle, spec),
    )  # fmt: skip


def _sentence(image: Image) -> str:
    ours = [layer for layer in image.layers if layer.name != "base"]
    parts_ = ", ".join(f"{layer.name} {amount(layer.bytes)}" for layer in ours)
    return f"{image.digest[:19]} for {image.architecture}: {parts_}"
