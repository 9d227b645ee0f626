"""Why a graph cannot be made smaller."""

from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


class NothingToQuantiseError(ServerlessError):
    """The graph has no weights that smaller numbers would shrink."""

    code = "nothing-to-quantise"
    kind = Kind.REFUSED

    def __init__(self, file: Path, precision: str) -> None:
        super().__init__(
            f"{file.name} has no float32 weights that {precision} would shrink.",
            hint="leave the precision as it is; trees and float64 models gain nothing.",
        )
