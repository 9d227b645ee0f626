"""A named set of rows, so that the report can say which kind of row found what."""

from dataclasses import dataclass

from mlflow_serverless.verify.batch import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of one kind."""

    name: str
    why: str
    """What this kind of row finds."""
    batch: Batch
    chunk: int | None = None
    """Rows asked at once; None asks all together."""
    note: str = ""
    """What is not in it, and why: budgets, and columns that cannot be drawn."""
    left_out: tuple[str, ...] = ()
    """Optional columns of the signature that these rows do not have."""
