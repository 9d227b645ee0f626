"""What crash and concurrency tests run in processes of their own.

worker.py ROOT NAME deploy  N…   deploy the n-th artifact, one after another
worker.py ROOT NAME forever      deploy artifacts 0, 1, 2, 0, … until killed
worker.py ROOT NAME predict N    call the function N times
worker.py ROOT NAME put    N     keep the n-th bundle, again and again, until killed
"""

import itertools
import json
import sys
import tempfile
from pathlib import Path

from mlflow_serverless.apply import ApplyError, apply
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.local import LocalCloud, Setup
from mlflow_serverless.plan import Desired, Function, Settings, plan
from tests.fakes.bundles import keep, make_bundle
from tests.fakes.tell import silent

RUNTIME = Path(__file__).parents[1] / "fakes" / "runtime.py"
SIZE = 1 << 20


def cloud_at(root: Path) -> LocalCloud:
    return LocalCloud(root, setup=Setup(runtime=RUNTIME, idle_s=20))


def bundle(number: int):
    folder = Path(tempfile.mkdtemp()) / "bundle"
    return make_bundle(folder, str(number).encode() * SIZE)


def want(name: str, address: str) -> Desired:
    settings = Settings(memory_mb=256, timeout_s=5)
    function = Function(name=name, artifact=address, settings=settings)
    return Desired(function=function, note=address[:20])


def deploy(cloud: LocalCloud, name: str, number: int) -> str:
    """Deploy, again after each conflict; the address that was deployed."""
    address = keep(cloud, bundle(number))
    while True:
        try:
            apply(plan(want(name, address), cloud.snapshot(name)), cloud, silent)
        except (ApplyError, ServerlessError) as error:
            if error.kind is not Kind.CONFLICT:
                raise
        else:
            return address


def predict(cloud: LocalCloud, name: str, count: int) -> None:
    pids = {cloud.invoke(name, b"{}").payload for _ in range(count)}
    sys.stdout.write(json.dumps([json.loads(pid)["pid"] for pid in pids]))


def main(root: str, name: str, verb: str, *numbers: str) -> None:
    cloud = cloud_at(Path(root))
    match verb:
        case "deploy":
            for number in numbers:
                deploy(cloud, name, int(number))
        case "forever":
            for number in itertools.cycle(range(3)):
                deploy(cloud, name, number)
        case "predict":
            predict(cloud, name, int(numbers[0]))
        case "put":
            made = bundle(int(numbers[0]))
            while True:
                keep(cloud, made)


if __name__ == "__main__":
    main(*sys.argv[1:])
