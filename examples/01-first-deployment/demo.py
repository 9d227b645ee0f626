"""The main job in a minute: two versions of a model, from the registry to traffic.

Trains the canonical tabular model, registers two versions in a sqlite store, deploys the
first through MLflow's own command line, predicts, compares with the native model, then
updates to the second version. Everything stays in `demo-output/`.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

from loans import applications, train
from rich.console import Console
from rich.rule import Rule
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent.parent
OUTPUT = ROOT / "demo-output"
BIN = Path(sys.executable).parent
NAME = "loans"
TARGET = "lambda:/local"
show = Console(highlight=False)


def main() -> None:
    """Run the story, and leave nothing running."""
    began = time.perf_counter()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    os.environ |= {
        "MLFLOW_TRACKING_URI": f"sqlite:///{OUTPUT}/mlflow.db",
        "MLFLOW_SERVERLESS_HOME": str(OUTPUT / "cloud"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    try:
        register()
        deploy_and_compare()
        move_to_second()
    finally:
        subprocess.run([BIN / "mlflow-serverless", "local", "stop"], check=False)
    show.print(
        f"\nAll of it took {time.perf_counter() - began:.0f} s; it is in demo-output/."
        "\nNext: docs/getting-started.md; traffic that is earned: "
        "python examples/02-canary/demo.py.",
        soft_wrap=True,
    )


def register() -> None:
    """Train and register versions 1 and 2."""
    warnings.simplefilter("ignore")
    show.print(Rule("[bold]1  Train and register", align="left"))
    import mlflow
    import mlflow.sklearn

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    os.chdir(OUTPUT)
    mlflow.set_experiment("demo")
    for version, trees in ((1, 20), (2, 40)):
        model, frame = train(trees, seed=version)
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=NAME,
            input_example=frame.head(5),
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn", "pandas"],
        )
        nodes = sum(tree.tree_.node_count for tree in model[-1].estimators_)
        show.print(f"   models:/{NAME}/{version}: {trees} trees, {nodes:,} nodes")


def deploy_and_compare() -> None:
    """Create the deployment through MLflow's command line and ask it."""
    show.print(Rule("[bold]2  Deploy version 1", align="left"))
    run("mlflow", "deployments", "create", "-t", TARGET, "--name", NAME,
        "-m", f"models:/{NAME}/1", "-C", "memory_mb=512")  # fmt: skip
    show.print(Rule("[bold]3  The same answers", align="left"))
    compare("1")
    latency()
    sizes()


def move_to_second() -> None:
    """Update the deployment, and do it again to show that nothing is done twice."""
    show.print(Rule("[bold]4  Update to version 2", align="left"))
    run("mlflow-serverless", "plan", NAME, f"models:/{NAME}/2", "-t", TARGET,
        "-C", "memory_mb=512")  # fmt: skip
    run("mlflow", "deployments", "update", "-t", TARGET, "--name", NAME,
        "-m", f"models:/{NAME}/2", "-C", "memory_mb=512")  # fmt: skip
    compare("2")
    show.print(Rule("[bold]5  What happened", align="left"))
    run("mlflow-serverless", "history", NAME, "-t", TARGET)


def compare(version: str) -> None:
    """Served beside native, row by row, then on a thousand rows more."""
    import mlflow.pyfunc
    from mlflow.deployments import get_deploy_client

    client, rows = get_deploy_client(TARGET), applications(1000, seed=99)
    native = mlflow.pyfunc.load_model(f"models:/{NAME}/{version}").predict(rows)
    served = client.predict(NAME, rows)["predictions"]
    table = Table(box=None, padding=(0, 3))
    for title in ("income (k$)", "purpose #1", "native", "served"):
        table.add_column(title)
    for index in range(5):
        row = rows.iloc[index]
        table.add_row(
            str(row["income (k$)"]),
            str(row["purpose #1"]),
            native[index],
            served[index],
        )
    show.print(table)
    same = sum(a == b for a, b in zip(native, served, strict=True))
    show.print(f"   {same} of {len(rows)} served answers are the native model's.")


def latency() -> None:
    """One cold and a hundred warm requests, as the function's own metrics tell them."""
    from mlflow.deployments import get_deploy_client

    from mlflow_serverless import metrics

    client, row = get_deploy_client(TARGET), applications(1, seed=7)
    times = []
    for _ in range(100):
        start = time.perf_counter()
        client.predict(NAME, row)
        times.append((time.perf_counter() - start) * 1e3)
    lines = list(metrics(NAME, target=TARGET))
    inits = [line["init_ms"] for line in lines if line.get("cold")]
    show.print(
        f"   cold start {min(inits):.0f} ms; "
        f"warm {sorted(times)[50]:.1f} ms there and back (median of 100)"
    )


def sizes() -> None:
    """What is served, beside what was logged."""
    bundle = sum(
        p.stat().st_size
        for p in (OUTPUT / "cloud").glob("bundles/*/**/*")
        if p.is_file()
    )
    logged = max(p.stat().st_size for p in OUTPUT.glob("mlruns/**/model.pkl"))
    show.print(
        f"   bundle {bundle / 1e3:,.0f} kB; the pickle it came from {logged / 1e3:,.0f} kB"
    )


def run(*words: str) -> None:
    """Show a command as one would type it, and what it prints."""
    show.print("[bold cyan]$[/] " + " ".join(words), soft_wrap=True)
    done = subprocess.run([BIN / words[0], *words[1:]], check=False)
    if done.returncode:
        sys.exit(f"that failed with {done.returncode}: {json.dumps(words)}")


if __name__ == "__main__":
    main()
