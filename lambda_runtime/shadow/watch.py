"""What a version that may be shifted does after each answer, beside its own line.

Built after the first answer, and only where `MLFLOW_SERVERLESS_SHADOW` names the alias
whose rollouts concern it, or `MLFLOW_SERVERLESS_WATCH` is 1: then nothing is mirrored.
Other variables: `…_EVERY_S`, how often the alias's note is read [s]; `…_TOLERANCE`, how
far scores may differ and agree; `…_CAPTURE`, 1 keeps the worst pairs in the log, inputs
and all.
"""

from __future__ import annotations

import os
from resource import RUSAGE_SELF, getrusage

from lambda_runtime.errors_out import quoted_ascii
from lambda_runtime.shadow.compare import Comparison, compare
from lambda_runtime.shadow.lambda_api import LambdaApi
from lambda_runtime.shadow.mirror import Mirror
from lambda_runtime.shadow.outputs import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation
    from lambda_runtime.settings import Settings
    from lambda_runtime.shadow.door import Beside

EVERY_S = 30.0
TOLERANCE = 0.1
CAPTURED = 20
"""Most pairs one process keeps."""
CAPTURE_CHARS = 16_384
"""Longest text that is kept of a request or an answer."""


class Watch:
    """
    Fields for the metric line, and mirrored requests.

    Args:
        mirror: Sends them; None if nothing is to be mirrored.
        memory_mb: The function's memory [MB].
        tolerance: Largest difference of a score that counts as agreement.
        capture: Whether pairs that differ may be kept, inputs and all.
    """

    def __init__(
        self, mirror: Mirror | None, *, memory_mb: int, tolerance: float, capture: bool
    ) -> None:
        self.mirror = mirror
        self._memory_mb, self._tolerance = memory_mb, tolerance
        self._left = CAPTURED if capture else 0
        self._worst = 0.0

    def fields(self, outcome: Outcome) -> str:
        """What to add to the metric line of *outcome*: `,"Name":value` each."""
        beside: Beside | None = outcome.shadow
        answer, door = outcome.body, outcome.door
        said = ""
        if beside is not None:
            answer, door = beside.answer, beside.door
            found = compare(
                beside.pair, answer, beside.status, door=door, tolerance=self._tolerance
            )
            said = f"{_compared(found)}{self._captured(beside, found)}"
        counts = counted(answer, door) if outcome.status < 400 else None
        if counts is not None:
            listed = ",".join(f"{quoted_ascii(k)}:{n}" for k, n in counts.items())
            said += f',"Outputs":{{{listed}}}'
        used_mb = getrusage(RUSAGE_SELF).ru_maxrss // 1024
        return f'{said},"MemoryUsedMB":{used_mb},"MemoryMB":{self._memory_mb}'

    def after(self, invocation: Invocation, outcome: Outcome) -> None:
        """Mirror the request, if it is to be."""
        if self.mirror is not None and outcome.shadow is None:
            self.mirror(invocation, outcome)

    def _captured(self, beside: Beside, found: Comparison) -> str:
        """The pair itself, if it is among the worst so far and may be kept."""
        badness = found.disagreed + found.distance
        if not found.disagreed or not self._left or badness < self._worst:
            return ""
        self._left, self._worst = self._left - 1, badness
        texts = (beside.pair.event, beside.pair.served, beside.answer)
        event, served, own = (quoted_ascii(_cut(text)) for text in texts)
        return f',"Pair":{{"event":{event},"served":{served},"own":{own}}}'


def _compared(found: Comparison) -> str:
    classes = ",".join(
        f"{quoted_ascii(label)}:[{rows},{differ}]"
        for label, (rows, differ) in found.classes.items()
    )
    return (
        f',"Shadow":1,"Compared":{found.compared},"Disagreed":{found.disagreed}'
        f',"Distance":{found.distance:.6g},"SameShape":{str(found.shape).lower()}'
        f',"ByClass":{{{classes}}},"ServedUs":{found.served_us}'
    )


def _cut(text: bytes) -> str:
    return text[:CAPTURE_CHARS].decode("utf-8", "replace")


def watch(settings: Settings, environ: Mapping[str, str] = os.environ) -> Watch:
    """
    The watch that *settings* ask for.

    Raises:
        Miss: The Lambda API's endpoint is no address.
    """
    mirror = _mirror(settings, environ) if settings.shadow else None
    return Watch(
        mirror,
        memory_mb=settings.memory_mb,
        tolerance=_number(environ, "TOLERANCE", TOLERANCE),
        capture=environ.get("MLFLOW_SERVERLESS_SHADOW_CAPTURE") == "1",
    )


def _mirror(settings: Settings, environ: Mapping[str, str]) -> Mirror:
    return Mirror(
        LambdaApi(settings.function_name, environ),
        alias=settings.shadow,
        version=settings.function_version,
        every_s=_number(environ, "EVERY_S", EVERY_S),
    )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(environ.get(f"MLFLOW_SERVERLESS_SHADOW_{name}") or default)
    except ValueError:
        return default
