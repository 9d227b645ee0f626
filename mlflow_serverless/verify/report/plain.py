"""The report as JSON values, and back."""

import math
from typing import Any

from pydantic import TypeAdapter

from mlflow_serverless.verify.report.values import ParityReport

_ADAPTER = TypeAdapter(ParityReport)


def to_plain(report: ParityReport) -> dict[str, Any]:
    """*report* as strict JSON values: infinities and NaN as texts."""
    plain = _strict(_ADAPTER.dump_python(report))
    assert isinstance(plain, dict)
    plain["passed"], plain["summary"] = report.passed, report.summary
    return plain


def from_plain(plain: dict[str, Any]) -> ParityReport:
    """The report that `to_plain` wrote."""
    own = {k: v for k, v in plain.items() if k not in {"passed", "summary"}}
    return _ADAPTER.validate_python(own)


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
