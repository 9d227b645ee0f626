"""Environments: used again, waited for, made room for, retired."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from mlflow_serverless.local import status
from mlflow_serverless.local.errors import MachineBusyError
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.plan import DeleteFunction, RouteAlias
from mlflow_serverless.plan.errors import ThrottledError
from tests.fakes.patience import phases, until
from tests.unit.local.conftest import ask

pytestmark = pytest.mark.emulator


def test_idle_environments_are_retired(cloud_with, deploy, root):
    """The background process outlives them."""
    cloud = cloud_with(environment_idle_s=0.1)
    deploy(cloud)
    ask(cloud)
    assert len(status(root).environments) == 1

    until(lambda: not status(root).environments)

    assert ask(cloud).cold
    assert [p for p in (root / "scratch").iterdir() if not any_uses(root, p)] == []


def any_uses(root: Path, scratch: Path) -> bool:
    environments = [psutil.Process(e.pid) for e in status(root).environments]
    return str(scratch) in [process.cwd() for process in environments]


def test_environments_of_what_was_deleted_are_retired(cloud_with, deploy, root):
    """Nothing runs that cannot be called."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)

    cloud.perform(DeleteFunction("it"))

    until(lambda: not status(root).environments)


def test_requests_wait_for_a_free_environment(cloud_with, deploy, root):
    """The machine's limit is no function's fault."""
    cloud = cloud_with(environments=2)
    deploy(cloud, "a")
    deploy(cloud, "b")

    with ThreadPoolExecutor(6) as pool:
        calls = [
            pool.submit(ask, cloud, "ab"[i % 2], do="sleep", s=0.1) for i in range(6)
        ]
        assert [call.result().error for call in calls] == [None] * 6

    assert len(status(root).environments) <= 2


def test_two_busy_versions_do_not_replace_each_other(cloud_with, deploy, root):
    """Where there is room for few, environments are used again all the same."""
    cloud = cloud_with(environments=2)
    deploy(cloud, content=b"1")
    deploy(cloud, content=b"2")
    cloud.perform(RouteAlias("it", "live", "1", (("2", 0.5),)))

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: ask(cloud), range(80)))

    assert {"1", "2"} == {reply.version for reply in replies}
    assert sum(reply.cold for reply in replies) < 10
    assert Layout(root).daemon_log.read_text() == ""


def test_who_waits_for_too_long_is_told(cloud_with, deploy, root):
    """With how long, and for how many."""
    cloud = cloud_with(environments=1, patience_s=0.2)
    deploy(cloud)
    ask(cloud)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, cloud, do="sleep", s=2)
        until(lambda: "busy" in phases(root, "it"))
        with pytest.raises(MachineBusyError, match="all 1 "):
            ask(cloud)
        assert first.result().error is None


def test_what_is_turned_away_is_counted_by_version(cloud_with, deploy):
    """So that a rollout hears of it, as it would through CloudWatch."""
    cloud = cloud_with()
    deploy(cloud, concurrency=1)
    ask(cloud)

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(ask, cloud, do="sleep", s=0.3) for _ in range(4)]
        refused = [call.exception() for call in calls]
    turned_away = sum(isinstance(error, ThrottledError) for error in refused)

    def counted() -> int:
        lines = cloud.metrics("it")
        return sum(int(line.get("Throttles", 0)) for line in lines)

    until(lambda: counted() == turned_away)
    assert turned_away
