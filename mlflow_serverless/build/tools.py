"""Images of tools: our own code on a base, started with a handler."""

from collections.abc import Mapping
from functools import partial

from lambda_runtime.version import __version__
from mlflow_serverless.build import layers as parts
from mlflow_serverless.build.base import Base, find_base
from mlflow_serverless.build.builder import Builder
from mlflow_serverless.build.draft import Draft, assembled
from mlflow_serverless.build.facts import environment_of
from mlflow_serverless.build.image import Image, ImageSpec
from mlflow_serverless.build.layers import TASK
from mlflow_serverless.build.needs import needs_of
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.build.registry import Registry
from mlflow_serverless.build.run import ROOM, Open, builder_of
from mlflow_serverless.build.sbom import tool_bill
from mlflow_serverless.build.spec import OURS, USER
from mlflow_serverless.report import step
from mlflow_serverless.store import ContentStore
from mlflow_serverless.tools import Tool
from mlflow_serverless.world import Tell

PACKAGES = ("lambda_runtime", "mlflow_serverless")
"""What the code layer holds, whole: what a handler imports is never guessed."""


def tool_image(
    tool: Tool,
    options: BuildOptions,
    store: ContentStore,
    tell: Tell,
    *,
    registry: Open = Registry,
) -> Image:
    """
    The image that runs *tool*, on disk; the same inputs give the same digest.

    Its layers are base, dependencies, code. It is started by our loop with the
    handler as its command.

    Args:
        tool: What it runs.
        options: How the image is made; `extras` and `requirements` are a model's.
        store: Keeps every part by its content; what is there is not made again.
        tell: Told `build.*` events.
        registry: Opens the registry that the base is pulled from.

    Raises:
        ServerlessError: As `build` raises.
    """
    with step(tell, ROOM, f"an image of the tool {tool.name}") as said:
        builder = builder_of(options, store, tell, registry)
        draft = _draft(tool, options, builder, store)
        image, fresh = assembled(draft, options, builder, store)
        size = sum(x.bytes for x in image.layers if x.name != "base") / 1e6
        said.say(
            f"{image.digest[:19]} for {image.architecture}: {size:.1f} MB on the base",
            fresh=fresh, digest=image.digest,
        )  # fmt: skip
    return image


def _draft(
    tool: Tool, options: BuildOptions, builder: Builder, store: ContentStore
) -> Draft:
    base, lock, archives = find_base(options, builder, store), "", []
    if tool.requirements:
        needs, target = needs_of(tool.requirements), options.architecture
        lock = options.lock or parts.lock_for(needs, base, target, store)
        archives.append(parts.dependencies(needs, lock, base, target, store))
    archives.append(parts.code(PACKAGES, base, store))
    spec = tool_spec(tool, options, base, lock)
    bill = partial(tool_bill, tool.name, spec)
    return Draft(base=base, archives=archives, spec=spec, bundle="", bill=bill)


def tool_spec(tool: Tool, options: BuildOptions, base: Base, lock: str) -> ImageSpec:
    """What the image of *tool* on *base* is made from, and how it is started."""
    entry = ("-I", "-S", f"/{TASK}/mlflow_serverless/tools/__main__.py")
    return ImageSpec(
        base=options.base,
        base_digest=base.digest,
        architecture=options.architecture,
        python=base.facts.minor,
        lock=lock,
        entrypoint=(base.facts.python, *entry),
        cmd=(tool.handler,),
        # Some libraries keep settings at home, where Lambda lets nobody write.
        environment={
            **environment_of(base.settings), "HOME": "/tmp", **options.environment,  # noqa: S108
        },
        user=USER,
        working_dir=f"/{TASK}",
        labels={**_labels(tool, options, base), **options.labels},
    )  # fmt: skip


def _labels(tool: Tool, options: BuildOptions, base: Base) -> Mapping[str, str]:
    return {
        **(base.settings.get("Labels") or {}),
        "org.opencontainers.image.title": f"{OURS}-{tool.name}",
        "org.opencontainers.image.version": __version__,
        "org.opencontainers.image.base.name": options.base,
        "org.opencontainers.image.base.digest": base.digest,
        f"{OURS}.tool": tool.name,
        f"{OURS}.compiler": base.toolchain.release,
    }
