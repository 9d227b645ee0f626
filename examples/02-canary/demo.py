"""A good new version earns its traffic; three subtly bad ones lose theirs.

Registers five versions of a model, serves the first on the embedded cloud under steady
load, and updates to each of the others: a shadow, then half of the traffic. All of it
stays in `demo-output/`, with a report of each rollout to open in a browser.

    python examples/02-canary/demo.py [FOLDER]
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Self

import orders
from rich.console import Console
from rich.rule import Rule

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
NAME, TARGET = "orders", "lambda:/local"
VERSIONS = {
    "1": orders.served, "2": orders.good, "3": orders.slow, "4": orders.blind,
    "5": orders.strict,
}  # fmt: skip
QUICKLY = {
    "memory_mb": 512,
    "parity": {"samples": 100, "boundary_rows": 100, "runtime_rows": 20},
    "strategy": {
        "name": "shadow-then-canary", "shadow": 100, "shadow_s": 2, "steps": "50",
        "bake_s": 2, "look_s": 1, "guard_s": 2, "patience_s": 120,
    },
    "judge": {"requests": 60, "promote_requests": 200, "latency_tolerance": 0.5},
}  # fmt: skip
"""A rollout in seconds, for a demonstration; the defaults take half an hour."""

show = Console(highlight=False)


def main() -> None:
    """Tell the story, and leave nothing running."""
    began = time.perf_counter()
    output = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "demo-output"
    prepare(output.resolve())
    try:
        register()
        outcomes = roll_out()
    finally:
        subprocess.run([BIN / "mlflow-serverless", "local", "stop"], check=False)
    Path("rollouts.json").write_text(json.dumps(outcomes, indent=2))
    show.print(f"\nAll of it took {time.perf_counter() - began:.0f} s; see {output}.")


def prepare(output: Path) -> None:
    """An empty folder for everything."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    os.chdir(output)
    os.environ |= {
        "MLFLOW_TRACKING_URI": f"sqlite:///{output}/mlflow.db",
        "MLFLOW_SERVERLESS_HOME": str(output / "cloud"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def register() -> None:
    """Train and register every version."""
    warnings.simplefilter("ignore")
    show.print(Rule("[bold]Train and register", align="left"))
    import mlflow
    import mlflow.sklearn

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    mlflow.set_experiment("canary")
    for version, train in VERSIONS.items():
        model, frame = train()
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name=NAME,
                signature=mlflow.models.infer_signature(frame, model.predict(frame)),
                input_example=frame.dropna().head(2),
                serialization_format="cloudpickle",
                pip_requirements=["scikit-learn", "pandas"],
            )
        what = train.__doc__.partition(": ")[2]
        show.print(f"   models:/{NAME}/{version}: {what}", soft_wrap=True)


def roll_out() -> dict[str, dict[str, str]]:
    """Update to each version under load; what became of each."""
    import mlflow_serverless as ms
    from mlflow_serverless.shift import report

    show.print(Rule("[bold]Serve version 1, under load", align="left"))
    ms.deploy(NAME, f"models:/{NAME}/1", target=TARGET, **QUICKLY)
    outcomes = {}
    with Load() as load:
        for version in list(VERSIONS)[1:]:
            show.print(Rule(f"[bold]Update to version {version}", align="left"))
            try:
                ms.update(NAME, f"models:/{NAME}/{version}", target=TARGET, wait=True)
            except ms.ServerlessError as refusal:
                show.print(f"[red]{refusal.code}[/]: {refusal.message}", soft_wrap=True)
            found = ms.rollout(NAME, target=TARGET)
            show.print(report.text(found), markup=False, soft_wrap=True)
            Path(f"rollout-{version}.html").write_text(report.page(found))
            outcomes[version] = {"outcome": found.outcome, "reason": found.reason}
    show.print(Rule("[bold]What callers saw", align="left"))
    show.print("   " + ", ".join(f"{n:,} x {said}" for said, n in load.seen.items()))
    return outcomes | {"callers": dict(load.seen)}


class Load:
    """Two callers who send one order after the other."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(seed,)) for seed in (10, 11)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _call(self, seed: int) -> None:
        from mlflow_serverless.errors import ServerlessError
        from mlflow_serverless.wiring import world_for

        cloud = world_for(TARGET, lambda *_, **__: None).cloud
        bodies = [body(row) for row in orders.orders(500, seed).to_dict("records")]
        while not self._over.is_set():
            for each in bodies:
                try:
                    said = json.loads(cloud.invoke(NAME, each).payload)
                    self.seen["answered" if "predictions" in said else "refused"] += 1
                except ServerlessError as error:
                    self.seen[error.code] += 1
                if self._over.wait(0.01):
                    return


def body(order: dict[str, object]) -> bytes:
    """A request as a shop sends it: without what is unknown, whole numbers whole."""
    known = {key: value for key, value in order.items() if value is not None}
    if known["age_days"] == int(known["age_days"]):
        known["age_days"] = int(known["age_days"])
    return json.dumps({"dataframe_records": [known]}).encode()


if __name__ == "__main__":
    main()
