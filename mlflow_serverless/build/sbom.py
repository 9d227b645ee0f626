"""The bill of materials: what is in an image, for those who look for known holes."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from lambda_runtime.version import __version__
from mlflow_serverless.build.image import ImageSpec
from mlflow_serverless.build.resolve import pins
from mlflow_serverless.package import Bundle

_EPOCH = "1970-01-01T00:00:00Z"


def bill(bundle: Bundle, spec: ImageSpec, digest: str, created: str | None) -> str:
    """
    CycloneDX 1.5 JSON of the image with *digest*; the same image, the same text.

    Args:
        bundle: What is served.
        spec: What the image is made from.
        digest: Of its manifest.
        created: When its base was made: no other time is the same everywhere.
    """
    model = bundle.manifest.model
    served = _component(
        ComponentType.MACHINE_LEARNING_MODEL, model.uri, model.version or "",
        digest=bundle.digest,
    )  # fmt: skip
    runtime = _component(ComponentType.LIBRARY, "lambda_runtime", __version__)
    name = model.name or model.model_id or "model"
    return _listed(name, (served, runtime), spec, digest, created)


def tool_bill(name: str, spec: ImageSpec, digest: str, created: str | None) -> str:
    """The same of a tool called *name*: its code is this package's."""
    ours = _component(ComponentType.LIBRARY, "mlflow-serverless", __version__)
    return _listed(name, (ours,), spec, digest, created)


def _listed(
    name: str, ours: Iterable[Component], spec: ImageSpec, digest: str,
    created: str | None,
) -> str:  # fmt: skip
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, digest))
    bom.metadata.timestamp = datetime.fromisoformat(created or _EPOCH)
    bom.metadata.component = _component(
        ComponentType.CONTAINER, name, digest, digest=digest
    )
    for component in (_base(spec), *ours, *_libraries(spec)):
        bom.components.add(component)
        bom.register_dependency(bom.metadata.component, [component])
    text = JsonV1Dot5(bom).output_as_string(indent=2)
    return json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def _base(spec: ImageSpec) -> Component:
    return _component(
        ComponentType.CONTAINER, spec.base, spec.base_digest, digest=spec.base_digest
    )


def _libraries(spec: ImageSpec) -> Iterable[Component]:
    for name, version in pins(spec.lock):
        yield _component(
            ComponentType.LIBRARY, name, version,
            purl=PackageURL("pypi", name=name, version=version),
        )  # fmt: skip


def _component(
    kind: ComponentType, name: str, version: str, *, digest: str = "",
    purl: PackageURL | None = None,
) -> Component:  # fmt: skip
    hashes = (
        [HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))]
        if digest
        else []
    )
    reference = str(purl) if purl else f"{kind.value}:{name}@{version}"
    return Component(
        type=kind, name=name, version=version or None, hashes=hashes, purl=purl,
        bom_ref=reference,
    )  # fmt: skip
