"""The image as Lambda runs it: read-only, without rights, under the real emulator."""

from __future__ import annotations

import json
import time

import pytest

from tests.fakes.bundle import EVENT, EVENTS
from tests.fakes.runtime_api import FakeRuntimeApi
from tests.image.containers import START, ask, docker, emulated, invoke, running

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.xdist_group("docker")]


@pytest.fixture(scope="module")
def function(image, rie):
    """One warm function under the emulator."""
    with emulated(rie) as container:
        invoke(container, EVENT)
        yield container


@pytest.fixture
def host(image):
    """A Runtime API on this machine, and options that lead a container to it."""
    with FakeRuntimeApi() as api:
        where = ("--network", "host", "-e", f"AWS_LAMBDA_RUNTIME_API={api.address}")
        yield api, where


def test_the_first_answer_is_a_prediction(image, rie):
    """Cold, with half a processor and the least memory Lambda gives."""
    with emulated(rie, "--cpus", "0.5", memory_mb=128) as container:
        answer = json.loads(invoke(container, EVENT))
        took = time.perf_counter() - container.started
        state = container.state("OOMKilled")
    print(f"container to first answer: {took * 1000:.0f} ms")  # noqa: T201 - for reports

    assert 3 == len(answer["predictions"][0])
    assert "false" == state


@pytest.mark.parametrize(
    "name", ["rest-api", "http-api", "function-url", "alb", "alb-multi-value"]
)
def test_every_door_opens(function, name):
    """The emulator passes each front end's event, and its answer is theirs."""
    told = json.loads(invoke(function, (EVENTS / f"{name}.json").read_bytes()))

    assert 200 == told["statusCode"]
    assert "predictions" in json.loads(told["body"])


def test_mistakes_are_answered(function):
    """A bad request is an answer; the function lives on."""
    told = json.loads(invoke(function, b'{"inputs": 7}'))

    assert "error_code" in told
    assert b"predictions" in invoke(function, EVENT)


def test_the_process_has_no_rights(function):
    """Not root, no capabilities, no new privileges: what Lambda gives is enough."""
    lines = {}
    for process in function.processes():
        status = (process / "status").read_text()
        if "python" in status.partition("\n")[0]:
            lines = dict(line.split(":\t", 1) for line in status.splitlines())

    assert "993" == lines["Uid"].split()[0]
    assert 0 == int(lines["CapEff"], 16)
    assert "1" == lines["NoNewPrivs"].strip()


def test_nothing_was_written(function):
    """The root is read-only, and /tmp is as empty as it was."""
    assert [] == [
        line for line in docker("diff", function.name).splitlines()
        if not line.endswith(("/dev", "/tmp", "/rie"))
    ]  # fmt: skip
    code = "import os; print(sorted(os.listdir('/tmp')))"
    assert "[]" == docker("exec", function.name, "python3", "-I", "-c", code)


def test_the_log_has_one_line_a_request_and_no_payload(function):
    """Metrics are in the log, and the emulator finds nothing to complain of."""
    marked = EVENT.replace(b"5.1", b"5.13579")
    invoke(function, marked)
    logs = function.logs()
    lines = [json.loads(line) for line in logs.splitlines() if '"_aws"' in line]

    assert lines[0]["Cold"] is True
    assert ("small", "7") == (lines[0]["FunctionName"], lines[0]["FunctionVersion"])
    assert "5.13579" not in logs
    assert "telemetry" not in logs.lower().replace("ort_disable_telemetry", "")


def test_it_works_without_any_network(image, rie):
    """A bundle in the image needs nobody: no name, no address, no packet."""
    program = (
        "import urllib.request as u, sys\n"
        "url = 'http://127.0.0.1:8080/2015-03-31/functions/function/invocations'\n"
        "print(u.urlopen(url, sys.argv[1].encode(), timeout=20).read().decode())"
    )
    with running(
        "--network",
        "none",
        "-v",
        f"{rie}:/rie:ro",
        "--entrypoint",
        "/rie",
        command=START,
    ) as container:
        told = docker(
            "exec", container.name, "python3", "-I", "-c", program, EVENT.decode()
        )

    assert "predictions" in json.loads(told)


def test_docker_stop_ends_it_cleanly(host):
    """SIGTERM reaches the first process of the image, which ends as a success."""
    api, where = host
    with running(*where) as container:
        api.invoke(EVENT)
        api.wait_polls(2)

        assert 0 == container.stop()


def test_a_broken_bundle_is_an_init_error(host):
    """A file that is not what the manifest says is refused, with its name."""
    api, where = host
    with running(*where, "-e", "MLFLOW_SERVERLESS_BUNDLE=/opt") as container:
        told = json.loads(api.wait_init_error().body)
        docker("wait", container.name)

        assert "manifest-missing" == told["errorType"]
        assert "1" == container.state("ExitCode")


def test_the_same_image_serves_plain_http(image):
    """With `PORT` and no Lambda around it: liveness, prediction, a clean end."""
    with running("-p", "127.0.0.1::9000", "-e", "PORT=9000") as container:
        port = container.port(9000)
        alive, _ = ask(port, "GET", "/ping")
        status, body = ask(port, "POST", "/invocations", EVENT)

        assert (200, 200) == (alive, status)
        assert "predictions" in json.loads(body)
        assert 0 == container.stop()
