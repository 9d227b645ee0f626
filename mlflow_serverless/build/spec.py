"""From a bundle to what its image says of itself; decides, and touches nothing."""

from collections.abc import Mapping

from lambda_runtime.version import __version__
from mlflow_serverless.build.base import Base
from mlflow_serverless.build.facts import environment_of
from mlflow_serverless.build.image import ImageSpec
from mlflow_serverless.build.layers import TASK
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.package import Bundle

USER = "993:990"
"""Lambda brings a user of its own; elsewhere the image must not run as root."""

OURS = "mlflow-serverless"
_AWS = ("public.ecr.aws/lambda/",)
_SNAPSTART = "com.amazonaws.lambda.feature.snapstart"


def image_spec(
    bundle: Bundle, options: BuildOptions, base: Base, lock: str
) -> ImageSpec:
    """What the image of *bundle* on *base* is made from, and how it is started."""
    entry = ("-I", "-S", f"/{TASK}/lambda_runtime/__main__.py")
    return ImageSpec(
        base=options.base,
        base_digest=base.digest,
        architecture=options.architecture,
        python=base.facts.minor,
        lock=lock,
        entrypoint=(base.facts.python, *entry),
        cmd=(),
        environment={
            **environment_of(base.settings),
            **_environment(bundle.manifest.engine.kind),
            **options.environment,
        },
        user=USER,
        working_dir=f"/{TASK}",
        labels={**_labels(bundle, options, base), **options.labels},
    )  # fmt: skip


def _environment(engine: str) -> Mapping[str, str]:
    ours = {
        "MLFLOW_SERVERLESS_BUNDLE": f"/{TASK}/bundle",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    if engine == "ort-c":
        return ours | {"MLFLOW_SERVERLESS_ORT": f"/{TASK}/lib/libonnxruntime.so"}
    if engine == "native":
        # Some libraries keep settings at home, where Lambda lets nobody write.
        return ours | {"MLFLOW_SERVERLESS_SITE": f"/{TASK}", "HOME": "/tmp"}  # noqa: S108
    return ours


def _labels(bundle: Bundle, options: BuildOptions, base: Base) -> Mapping[str, str]:
    model = bundle.manifest.model
    known = {
        "org.opencontainers.image.title": model.name or model.model_id or "model",
        "org.opencontainers.image.version": model.version or "",
        "org.opencontainers.image.description": f"{model.uri}, served on AWS Lambda",
        "org.opencontainers.image.base.name": options.base,
        "org.opencontainers.image.base.digest": base.digest,
        f"{OURS}.model": model.uri,
        f"{OURS}.model.digest": model.digest,
        f"{OURS}.bundle": bundle.digest,
        f"{OURS}.engine": bundle.manifest.engine.kind,
        f"{OURS}.runtime": __version__,
        f"{OURS}.compiler": base.toolchain.release,
    }
    # Our loop speaks the restore protocol; AWS's own bases say so by themselves.
    if not options.base.startswith(_AWS):
        known[_SNAPSTART] = "Allow"
    inherited = base.settings.get("Labels") or {}
    return {**inherited, **{name: value for name, value in known.items() if value}}
