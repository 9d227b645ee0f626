"""How a bundle is made into what a function runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """
    Everything that decides an artifact beside the bundle; the same values give the
    same artifact.
    """

    name: str
    """The deployment's."""
    repository: str = ""
    """`HOST/REPOSITORY`, without tag or digest; empty where no images are."""
    architecture: str = "x86_64"
    python_version: str = "3.12"
    base_image: str = ""
    """By tag or digest; empty for AWS's own of that Python."""
    builder: str = "auto"
    """`docker`, `direct` (no engine), or `auto`: `direct`."""
    signing: str = "none"
    """`none`, `ecr` (signed by the registry), or `cosign`."""
    mount_from: tuple[str, ...] = ()
    """Repositories of the same registry that may have layers already."""
    lock: str = ""
    """File with the dependencies and their hashes; empty to resolve them."""
    requirements: str = ""
    """File with what a native model needs, where it has not recorded it; or empty."""
    interpreter: str = ""
    """A Python of this machine that compiles; empty for the base's own."""
    model_url: str = ""
    """`s3://BUCKET/KEY` that is to hold the model; empty to put it in the artifact."""
