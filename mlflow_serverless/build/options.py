"""What may be chosen about an image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Architecture = Literal["x86_64", "arm64"]
"""As Lambda names them."""

DEFAULT_BASE = "public.ecr.aws/lambda/python:3.12"
"""AWS's own: Amazon Linux 2023 with glibc 2.34. Python 3.11's is Amazon Linux 2, which
is too old for current onnxruntime wheels."""

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "http": ("uvicorn", "h11", "click"),
    "json": ("orjson",),
}
"""What the runtime uses when it is there: plain HTTP with `PORT` (for hosts other than
Lambda), and faster JSON after the first answer. Distributions by what they are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How an image is to be made; the bundle says what is in it."""

    base: str = DEFAULT_BASE
    """Reference of the base image: a tag, or better `repository@sha256:…`."""
    architecture: Architecture = "x86_64"
    python: str = ""
    """The minor release that the base must have (`3.12`); empty takes what it has."""
    builder: Literal["daemonless", "docker"] = "daemonless"
    """`docker` runs a `docker build` in the local engine, which then knows the base."""
    extras: tuple[str, ...] = ("http", "json")
    """Keys of `EXTRAS`."""
    requirements: tuple[str, ...] = ()
    """A native model's recorded requirements, where the bundle does not carry them."""
    lock: str = ""
    """Text of a lock (`requirements.lock` of an earlier image) to follow; empty
    resolves anew."""
    interpreter: Path | None = None
    """A Python of the target's minor release, which compiles and compresses; None
    takes the base image's own, so that nothing of this machine gets into the bytes."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the image; Lambda's own settings override them."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Further labels of the image."""
