"""Many commands at once: no update lost, no daemon twice."""

import json

import psutil
import pytest

from mlflow_serverless.local import status
from tests.crash.test_crash import sound
from tests.crash.worker import bundle, cloud_at, deploy

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def finished(processes) -> list[str]:
    outputs = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        outputs.append(output)
    return outputs


def daemons(root) -> list[int]:
    """Background processes that live for *root*."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "mlflow_serverless.local.daemon" in words and str(root) in words:
            found.append(process.pid)
    return found


def test_parallel_creates_of_different_names_are_all_there(root, start):
    """Even on a root that none of them found."""
    finished([start(f"it-{i}", "deploy", i) for i in range(4)])

    assert tuple(f"it-{i}" for i in range(4)) == cloud_at(root).names()
    for name in cloud_at(root).names():
        sound(root, name)


def test_parallel_updates_of_one_name_lose_none(root, start):
    """Every content was published once, and one of the last is served."""
    finished([start("it", "deploy", *order) for order in ("012", "120", "201")])

    have = cloud_at(root).snapshot("it")
    wished = {bundle(number).digest for number in range(3)}
    assert wished == {version.artifact for version in have.versions}
    assert len(have.versions) == 3
    served = have.version(have.alias("live").version)
    assert served.artifact in {bundle(n).digest for n in (2, 0, 1)}
    sound(root, "it")


def test_parallel_first_predictions_start_one_daemon(root, start):
    """Whoever comes first starts it; all get answers from it."""
    deploy(cloud_at(root), "it", 0)
    assert status(root) is None

    outputs = finished([start("it", "predict", 20) for _ in range(4)])

    assert [status(root).pid] == daemons(root)
    assert all(json.loads(output) for output in outputs)


def test_predictions_go_on_during_updates(root, start):
    """No call fails while versions change under it."""
    deploy(cloud_at(root), "it", 0)
    callers = [start("it", "predict", 100) for _ in range(2)]
    updates = start("it", "deploy", 1, 2, 0, 1)

    finished([*callers, updates])

    assert len(cloud_at(root).snapshot("it").versions) == 3
