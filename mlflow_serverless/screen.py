"""Whether there is a terminal to draw a rollout on."""

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mlflow_serverless.pipeline.driving import Watch


def drawing_on(out: TextIO) -> "Watch | None":
    """A live view where *out* is a terminal; None elsewhere, and each look is told."""
    if not out.isatty():
        return None
    from rich.console import Console  # noqa: PLC0415 - only where it is drawn

    from mlflow_serverless.cli.live import Live  # noqa: PLC0415 - brings scipy

    return Live(Console(file=out))
