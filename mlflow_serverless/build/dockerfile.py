"""The Dockerfile of an image: nothing that an old engine would not understand."""

import json
from collections.abc import Mapping, Sequence

from mlflow_serverless.build.image import ImageSpec


def dockerfile(spec: ImageSpec, archives: Sequence[str], inherited: str) -> str:
    """
    What `docker build` is given.

    Args:
        spec: What the image says of itself.
        archives: Names of tars in the context; each becomes one layer.
        inherited: The base's working folder: saying the same again would be a layer.
    """
    lines = [f"FROM {spec.base}"]
    lines += [f"ADD {name} /" for name in archives]
    lines += _pairs("ENV", spec.environment)
    lines += _pairs("LABEL", spec.labels)
    if spec.working_dir != inherited:
        lines.append(f"WORKDIR {spec.working_dir}")
    lines += [
        f"USER {spec.user}",
        f"ENTRYPOINT {json.dumps(list(spec.entrypoint))}",
        f"CMD {json.dumps(list(spec.cmd))}",
    ]
    return "\n".join(lines) + "\n"


def _pairs(word: str, values: Mapping[str, str]) -> list[str]:
    """One instruction for all: each would be a step of its own."""
    if not values:
        return []
    pairs = " ".join(f"{name}={_quoted(value)}" for name, value in values.items())
    return [f"{word} {pairs}"]


def _quoted(value: str) -> str:
    """A value as it is: nothing in it is a variable."""
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{text}"'
