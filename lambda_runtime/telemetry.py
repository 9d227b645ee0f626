"""One line a request, in CloudWatch's embedded metric format: numbers, no payloads.

Written by hand with one system call after the answer is posted: CloudWatch reads the
metrics from the log, so no metric is ever sent over a socket. One set of dimensions,
function and version, is what rollouts are judged by. Only what alarms and judges look
at is a metric, since every metric costs money; the rest are fields, to be searched.
"""

from __future__ import annotations

import os
from time import time_ns

from lambda_runtime.errors_out import quoted_ascii
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.loop import Outcome

NAMESPACE = "MLflowServerless"
"""CloudWatch namespace of all metrics."""

_STDOUT, _STDERR = 1, 2
_WARM = (
    ("HandleUs", "Microseconds"),
    ("RunUs", "Microseconds"),
    ("Failures", "Count"),
    ("Refusals", "Count"),
)
_LATER = '"Cold":false'
_COLD = (*_WARM, ("InitMs", "Milliseconds"))


class Facts(NamedTuple):
    """What is the same for every request of a process."""

    function: str = ""
    function_version: str = ""
    model: str = ""
    model_version: str = ""
    engine: str = ""
    init_ms: float = 0.0
    """From the start of the process to the first `next` [ms]."""
    tiers: tuple[tuple[str, float], ...] = ()
    """Each file's tier, and what it cost [ms]."""
    spent: tuple[tuple[str, float], ...] = ()
    """Every tier that was asked for a file, and how long it took to say [ms]."""


class Telemetry:
    """Writes the lines; the first one is the cold start's.

    Args:
        facts: What every line says.
        out: File descriptor.
    """

    def __init__(self, facts: Facts, *, out: int = _STDOUT) -> None:
        self._facts, self._out = facts, out
        self._cold = True
        self._warm_head, self._same = _head(_WARM), _same(facts)

    def about(self, facts: Facts) -> None:
        """Let what follows be said of *facts*, the model that answers now."""
        if facts is not self._facts:
            self._facts, self._same = facts, _same(facts)

    def note(
        self, outcome: Outcome, *, request_id: str, trace_id: str, more: str = ""
    ) -> None:
        """
        Write the line of one answered request.

        Args:
            outcome: What came of it.
            request_id: Lambda's.
            trace_id: X-Ray's; may be empty.
            more: Fields to add, each as `,"Name":value`.
        """
        cold, self._cold = self._cold, False
        line = (
            f'{{"_aws":{{"Timestamp":{time_ns() // 1_000_000},'
            f"{_head(_COLD) if cold else self._warm_head},"
            f"{self._same},"
            f'"RequestId":{quoted_ascii(request_id)},'
            f'"TraceId":{quoted_ascii(trace_id)},'
            f"{_measured(outcome)},"
            f"{_start(self._facts) if cold else _LATER}{more}}}\n"
        )
        write(self._out, line.encode())


def write(out: int, line: bytes) -> None:
    """Write a whole line; a log that is gone is no reason to fail a request."""
    try:
        while line:
            line = line[os.write(out, line) :]
    except OSError:
        return


def say(line: str) -> None:
    """Write one line for whoever runs the function, to standard error."""
    write(_STDERR, line.encode("utf-8", "replace") + b"\n")


def _head(metrics: tuple[tuple[str, str], ...]) -> str:
    listed = ",".join(f'{{"Name":"{name}","Unit":"{unit}"}}' for name, unit in metrics)
    return (
        f'"CloudWatchMetrics":[{{"Namespace":"{NAMESPACE}",'
        f'"Dimensions":[["FunctionName","FunctionVersion"]],"Metrics":[{listed}]}}]}}'
    )


def _same(facts: Facts) -> str:
    """The fields that every line of a process has alike."""
    return (
        f'"FunctionName":{quoted_ascii(facts.function)},'
        f'"FunctionVersion":{quoted_ascii(facts.function_version)},'
        f'"Model":{quoted_ascii(facts.model)},'
        f'"ModelVersion":{quoted_ascii(facts.model_version)},'
        f'"Engine":{quoted_ascii(facts.engine)}'
    )


def _measured(outcome: Outcome) -> str:
    last, status = outcome.timing, outcome.status
    return (
        f'"Door":"{outcome.door}","Status":{status}'
        f',"HandleUs":{outcome.took_us}'
        f',"DecodeUs":{int(getattr(last, "decode_us", 0))}'
        f',"RunUs":{int(getattr(last, "run_us", 0))}'
        f',"EncodeUs":{int(getattr(last, "encode_us", 0))}'
        f',"Rows":{int(getattr(last, "rows", 0))}'
        f',"Failures":{int(status >= 500)}'
        f',"Refusals":{int(400 <= status < 500)}'
    )


def _start(facts: Facts) -> str:
    """The cold line's own fields; the tier named is the slowest one touched."""
    slowest = max(facts.tiers, key=lambda hit: hit[1], default=("", 0.0))
    return (
        f'"Cold":true,"InitMs":{facts.init_ms:.3f},"Tier":{quoted_ascii(slowest[0])}'
        f',"TierMs":{sum(ms for _, ms in facts.tiers):.3f}'
        f',"TierCostMs":{{{_by_tier(facts.spent)}}}'
    )


def _by_tier(spent: tuple[tuple[str, float], ...]) -> str:
    """What each tier cost altogether, in the order they are asked."""
    tiers = dict.fromkeys(tier for tier, _ in spent)
    sums = [(one, sum(ms for tier, ms in spent if tier == one)) for one in tiers]
    return ",".join(f"{quoted_ascii(tier)}:{ms:.3f}" for tier, ms in sums)
