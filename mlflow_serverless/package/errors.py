"""What can be wrong with a bundle."""

from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


class BundleCorruptError(ServerlessError):
    """A bundle whose files are not what its manifest says."""

    code = "bundle-corrupt"
    kind = Kind.CONFLICT

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the bundle in {folder} is damaged: {why}.",
            hint="delete that folder and deploy again; it will be made anew.",
        )


class BundleUnreadableError(ServerlessError):
    """We made a manifest that the runtime would not read as we meant it."""

    code = "bundle-unreadable"
    kind = Kind.INTERNAL

    def __init__(self, why: str) -> None:
        super().__init__(f"the manifest would not be read as it was meant: {why}.")
