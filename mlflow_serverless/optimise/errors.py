"""Why a graph is not made smaller."""

from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


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
    """

    code = "quantised-answers-moved"
    kind = Kind.REFUSED

    def __init__(
        self, precision: str, *, evidence: str, flips: int, moved: float
    ) -> None:
        budgets = [f"parity.max_label_flips={flips}"] * (flips > 0)
        budgets += [f"parity.atol={ceiling(moved):g}"] * (moved > 0)
        accept = " and ".join(budgets) or "a parity tolerance"
        super().__init__(
            f"with optimise.precision={precision} the answers move beyond the budget: "
            f"{flips} labels differ, scores by up to {moved:.3g}.\n{evidence}",
            hint=f"accept that with {accept}, or serve the model as it is with "
            "optimise.precision=exact.",
        )
        self.flips, self.moved = flips, moved


def ceiling(value: float) -> float:
    """*value* rounded up to two digits, so that it can be typed."""
    digits = f"{value:.1e}"
    rounded = float(digits)
    if rounded >= value:
        return rounded
    step = 10.0 ** (int(digits.split("e")[1]) - 1)
    return float(f"{rounded + step:.1e}")
