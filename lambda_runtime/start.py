"""How the process begins and ends; `__main__` is only its doorstep.

A snapshot (SnapStart) may be taken once the model is loaded. Nothing kept by then
depends on this very process: no open socket but the Runtime API's, which is closed
again right after the restore; no random numbers; no credentials, which the S3 tier
reads when it needs them.
"""

from __future__ import annotations

import os
from time import time_ns

from lambda_runtime.after import After, Job
from lambda_runtime.app import App, build
from lambda_runtime.loop import serve
from lambda_runtime.runtime_api import OutOfStep, RuntimeApi
from lambda_runtime.settings import Settings, read
from lambda_runtime.telemetry import Telemetry, say
from lambda_runtime.wire import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from signal import SIGTERM, signal

    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation
else:
    from _signal import SIGTERM, signal  # `signal` would import `enum`

AHEAD_MS = 9_000
"""Time for put-off work at initialisation, where nobody waits for it [ms]."""

_SHARE_MS, _JSON_MS, _SETTLE_MS = 20, 40, 20


def main(arguments: Sequence[str], *, root: str, born_ns: int) -> int:
    """
    Serve until the Runtime API or a signal ends it; the exit code.

    Args:
        arguments: `--http` asks for plain HTTP; else it is served if `PORT` is set
            and there is no Runtime API.
        root: Folder that holds `lambda_runtime`.
        born_ns: When the process began, by `perf_counter_ns`.
    """
    # Read by libonnxruntime when it is loaded: 1.29 and later phone home by default.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    if "--http" in arguments or (os.environ.get("PORT") and not address):
        from lambda_runtime.http_mode import serve_plainly  # noqa: PLC0415 - never in Lambda

        return serve_plainly(root=root, born_ns=born_ns)
    if not address:
        say("runtime.idle why=neither AWS_LAMBDA_RUNTIME_API nor PORT is set")
        return 2
    return serve_lambda(
        RuntimeApi(address),
        lambda: read(os.environ, root=root),
        lambda settings: build(settings, born_ns=born_ns),
    )


def serve_lambda(
    api: RuntimeApi,
    settings_of: Callable[[], Settings],
    app_of: Callable[[Settings], App],
) -> int:
    """
    Serve one Runtime API until it ends; the exit code.

    Args:
        api: Where events come from.
        settings_of: Reads the settings; what it raises is an init error.
        app_of: Loads the model; likewise.
    """
    try:
        try:
            settings = settings_of()
            app = app_of(settings)
        except Exception as cause:  # noqa: BLE001 - whatever it is, Lambda must hear of it
            from lambda_runtime.failing import not_begun  # noqa: PLC0415 - failures only

            api.init_failed(*not_begun(cause))
            return 1
        try:
            _run(api, app, settings)
        finally:
            app.close()
    except (OutOfStep, Broken) as cause:
        say(f"runtime.out-of-step why={cause}")
        return 1
    finally:
        api.close()
    return 0


def _run(api: RuntimeApi, app: App, settings: Settings) -> None:
    after = after_of(app, settings)
    if settings.warms_ahead:
        after.work(time_ns() // 1_000_000 + AHEAD_MS)
    if settings.initialization_type == "snap-start":
        api.restore_next()
        api.close()
    signal(SIGTERM, lambda _number, _frame: api.stop())
    serve(api, app.handle, after)


def after_of(app: App, settings: Settings) -> After:
    """What runs after each of *app*'s answers."""
    telemetry = Telemetry(app.facts())

    watching = None
    if settings.shadow:
        from lambda_runtime.shadow.watching import Watching  # noqa: PLC0415 - rollouts only

        watching = Watching(settings)

    def note(invocation: Invocation, outcome: Outcome) -> None:
        more = watching.fields(outcome) if watching else ""
        if settings.log == "emf":
            telemetry.about(app.facts())
            telemetry.note(
                outcome,
                request_id=invocation.request_id,
                trace_id=invocation.trace_id,
                more=more,
            )
        if watching:
            watching.after(invocation, outcome)

    jobs = (
        Job("share", app.share, _SHARE_MS),
        Job("json", _faster_json, _JSON_MS, answers=2),
        Job("settle", app.settle, _SETTLE_MS, answers=2),
        Job("share-settled", app.share, _SHARE_MS, answers=2),
    )
    return After(jobs, note, budget_ms=settings.after_ms)


def _faster_json(_until_ms: int) -> None:
    from lambda_runtime.packages import search_packages  # noqa: PLC0415 - not before
    from lambda_runtime.protocol import json_text  # noqa: PLC0415 - loaded already

    search_packages()
    json_text.prefer_fast()
