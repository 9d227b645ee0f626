"""When a version that may be shifted begins to be watched."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation
    from lambda_runtime.settings import Settings
    from lambda_runtime.shadow.watch import Watch


class Watching:
    """The watch of a version that may be shifted, once there is a second answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._answers = 0
        self._watch: Watch | None = None
        self._broken = False

    def fields(self, outcome: Outcome) -> str:
        """What the metric line of *outcome* says more; see `Watch.fields`."""
        self._answers += 1
        if self._answers == 1 and outcome.shadow is None:
            return ""
        watch = self._watching()
        return watch.fields(outcome) if watch else ""

    def after(self, invocation: Invocation, outcome: Outcome) -> None:
        """Mirror the request, if it is to be."""
        if self._watch is not None:
            self._watch.after(invocation, outcome)

    def _watching(self) -> Watch | None:
        if self._watch is None and not self._broken:
            from lambda_runtime.shadow.watch import watch  # noqa: PLC0415 - not at the start

            self._broken = True  # until it is shown to be whole
            self._watch = watch(self._settings)
        return self._watch
