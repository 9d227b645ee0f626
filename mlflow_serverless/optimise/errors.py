"""Why a graph is not made smaller."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.errors import Kind, ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.verify import ParityReport


class NothingToQuantiseError(ServerlessError):
    """The graph holds nothing that the precision could be applied to."""

    code = "nothing-to-quantise"
    kind = Kind.BAD_INPUT

    def __init__(self, precision: str, why: str) -> None:
        super().__init__(
            f"optimise.precision={precision} would change nothing: {why}.",
            hint="leave it out, or set optimise.precision=exact.",
        )
        self.precision = precision


class QuantisationError(ServerlessError):
    """The quantiser cannot take this graph."""

    code = "quantisation-failed"
    kind = Kind.UNSUPPORTED

    def __init__(self, precision: str, cause: BaseException) -> None:
        lines = str(cause).splitlines() or [""]
        super().__init__(
            f"the graph cannot be brought to {precision}: "
            f"{type(cause).__name__}: {lines[0][:200]}",
            hint="serve it as it is: optimise.precision=exact.",
        )


class BadCalibrationError(ServerlessError):
    """Calibration rows that cannot be used."""

    code = "bad-calibration-data"
    kind = Kind.BAD_INPUT

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"optimise.calibration {file} cannot be used: {why}.",
            hint="give a table (csv, parquet) with the signature's columns, or the "
            "tensor as numpy saves it (npy, npz); and optimise.precision=int8.",
        )


class AnswersMovedError(ServerlessError):
    """
    Quantised answers are further from the model's than was allowed.

    Args:
        precision: What was asked for.
        evidence: What parity found, in a sentence.
        flips: Labels that differ.
        moved: The largest change of a score; 0 where none is beyond the tolerance.
        report: The whole comparison; it stays at hand as `report`.
    """

    code = "quantised-answers-moved"
    kind = Kind.REFUSED

    def __init__(
        self,
        precision: str,
        *,
        evidence: str,
        flips: int,
        moved: float,
        report: "ParityReport",
    ) -> None:
        finite = math.isfinite(moved)
        budgets = [f"parity.max_label_flips={flips}"] * (flips > 0)
        budgets += [f"parity.atol={ceiling(moved):g}"] * (finite and moved > 0)
        accept = " and ".join(budgets) or "a larger parity.atol"
        super().__init__(
            f"with optimise.precision={precision} the answers move beyond the budget: "
            f"{flips} labels differ, scores by up to {moved:.3g}.\n{evidence}",
            hint=f"accept that with {accept}, or serve the model as it is with "
            "optimise.precision=exact."
            if finite
            else "rows with missing, infinite or huge values set the scale of all rows "
            "beside them, which no tolerance excuses; keep the range of every row with "
            "optimise.precision=float16, or serve the model as it is with "
            "optimise.precision=exact.",
        )
        self.flips, self.moved, self.report = flips, moved, report


def ceiling(value: float) -> float:
    """*value* rounded up to two digits, so that it can be typed."""
    digits = f"{value:.1e}"  # two digits are read and typed without mistakes
    rounded = float(digits)
    if rounded >= value:
        return rounded
    step = 10.0 ** (int(digits.split("e")[1]) - 1)
    return float(f"{rounded + step:.1e}")
