"""Numbers as they stand in sentences."""

import math

from mlflow_serverless.shift.criteria import SUSPICIOUS, Criteria
from mlflow_serverless.shift.verdict import Result


def share(part: float) -> str:
    """A share in percent, with as many digits as tell it apart: `3.4 %`."""
    percent = 100 * part
    return f"{percent:.2f} %" if 0 < percent < 1 else f"{percent:.1f} %"


def of(events: int, trials: int) -> str:
    """`14 of 412 (3.4 %)`."""
    rate = share(events / trials) if trials else "-"
    return f"{events:,} of {trials:,} ({rate})"


def ms(microseconds: float | None) -> str:
    """A time in milliseconds: `43.1 ms`."""
    if microseconds is None:
        return "unknown"
    value = microseconds / 1000
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def lasted(seconds: float) -> str:
    """A stretch of time: `24 s`, `12.5 min`, `3.1 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def result(log_e: float, criteria: Criteria) -> Result:
    """How strong *log_e* is."""
    if log_e >= criteria.enough:
        return Result.HIGH
    return Result.MARGINAL if log_e >= SUSPICIOUS else Result.PASS


def odds(log_e: float) -> str:
    """How surely: chance that so much speaks against a good version at any look."""
    if log_e >= math.log(1e9):
        return "chance below 1 in 1,000,000,000"
    return f"chance below 1 in {math.exp(log_e):,.0f}"
