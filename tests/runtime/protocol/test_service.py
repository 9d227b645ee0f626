"""Paths, failures and timings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from protocol_builders import content, get, of_matrix, post, serve

from lambda_runtime.exchange import Request
from lambda_runtime.faults import BadRequest, Internal
from lambda_runtime.protocol.service import Service, Timing
from lambda_runtime.version import __version__

GOOD = {"inputs": {"c0": [1], "c1": [2]}}


@pytest.mark.parametrize("path", ["/ping", "/health", "/ping/"])
def test_health(path):
    """MLflow's and SageMaker's health paths answer a newline."""
    response = get(serve(of_matrix(2))[0], path)

    assert (200, b"\n") == (response.status, response.body)


def test_version_is_bare_text():
    """The version is not quoted, as MLflow's server does not quote it."""
    assert __version__.encode() == get(serve(of_matrix(2))[0], "/version").body


@pytest.mark.parametrize(
    "path", ["/", "", "/invocations/x", "/nope", "invocations", "/%"]
)
def test_unknown_paths_are_not_found(path):
    """Anything else is 404 with MLflow's error JSON."""
    response = get(serve(of_matrix(2))[0], path)

    assert 404 == response.status
    assert "RESOURCE_DOES_NOT_EXIST" == content(response)["error_code"]


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/invocations", "POST"), ("/ping", "GET"), ("/version", "GET"), ("/v2", "GET")],
)
def test_wrong_methods_say_which_is_right(path, allow):
    """405 comes with Allow."""
    response = get(serve(of_matrix(2))[0], path, "DELETE")

    assert (405, allow) == (response.status, response.headers["allow"])
    assert content(response)["message"]


def raising(failure: Exception):
    """An engine that fails."""

    def run(inputs, outputs):
        raise failure

    return run


@pytest.mark.parametrize(
    "failure",
    [ValueError("planted-secret"), MemoryError(), RecursionError(), KeyError("s")],
)
def test_an_unexpected_failure_is_a_mark_for_the_caller_and_a_place_for_us(failure):
    """500 with an id; the log has id, type and lines, never words that may be data."""
    lines: list[str] = []
    service = Service(of_matrix(2), raising(failure), report=lines.append)

    response = post(service, GOOD)

    body = response.body.decode()
    mark = content(response)["message"].rpartition(" ")[2].rstrip(".")
    assert 500 == response.status
    assert "Traceback" not in body
    assert "secret" not in body + lines[0]
    assert 1 == len(lines)
    assert lines[0].startswith(f"incident {mark} {type(failure).__name__} ")
    assert "service.py:" in lines[0]


@pytest.mark.parametrize(
    ("fault", "status"), [(BadRequest("no"), 400), (Internal("oh"), 500)]
)
def test_an_engines_faults_are_passed_on(fault, status):
    """What the engine raises on purpose keeps its status and words: no incident."""
    lines: list[str] = []
    service = Service(of_matrix(2), raising(fault), report=lines.append)

    response = post(service, GOOD)

    assert (status, fault.message) == (response.status, content(response)["message"])
    assert [] == lines


def test_the_last_request_is_timed():
    """Rows and microseconds of the last prediction; zeros after anything else."""
    service, _ = serve(of_matrix(2))

    post(service, {"inputs": {"c0": [1, 2, 3], "c1": [4, 5, 6]}})
    timing = service.last
    get(service, "/ping")

    assert 3 == timing.rows
    assert min(timing.decode_us, timing.run_us, timing.encode_us) >= 0
    assert timing.began <= timing.read <= timing.ran <= timing.written
    assert Timing() == service.last


def test_a_question_beside_a_prediction_leaves_its_timing_alone():
    """Health is answered by another thread meanwhile; predictions are not."""
    asked: list[int] = []
    beside = Request("GET", "/ping", {}, b"")

    def run(inputs, outputs):
        answer = service.aside(beside)
        asked.append(answer.status)
        return spy(inputs, outputs)

    service, spy = serve(of_matrix(2))
    service._run = run
    service.respond(Request("POST", "/invocations", {}, json.dumps(GOOD).encode()))

    assert [200] == asked
    assert 1 == service.last.rows
    assert service.last.encode_us < 1_000_000
    assert service.aside(Request("POST", "/invocations", {}, b"{}")) is None


def test_refusals_count_no_rows():
    """A refused request leaves no timing of the one before."""
    service, _ = serve(of_matrix(2))
    post(service, GOOD)

    post(service, b"{")

    assert Timing() == service.last


def test_headers_may_be_any_mapping_and_bodies_empty():
    """A bare request does not trip the service."""
    service, _ = serve(of_matrix(2))

    assert 400 == service.respond(Request("POST", "/invocations", {}, b"")).status


def test_a_first_answer_imports_nothing_it_does_not_need():
    """One JSON prediction from a fresh interpreter loads no heavy module."""
    code = (
        "import sys; sys.path[:0] = [{root!r}, {here!r}]\n"
        "before = set(sys.modules)\n"
        "from lambda_runtime.protocol.service import Service\n"
        "from lambda_runtime.manifest import *\n"
        "from lambda_runtime.exchange import Request\n"
        "from lambda_runtime.tensor import Value\n"
        "m = Manifest(Model('m'), Engine(), (Tensor('X', 'float32', (None, 1)),),\n"
        "  (Tensor('y', 'float32', (None,)),), (),\n"
        "  Signature((Column('a', 'double'),)),\n"
        "  (Feed('X', ('a',)),), Answer('array', (Field('y'),)), ())\n"
        "run = lambda i, o: {{'y': Value('float32', (1,), i['X'].data)}}\n"
        "r = Service(m, run).respond(Request('POST', '/invocations', {{}},\n"
        '  b\'{{"inputs":{{"a":[1.5]}}}}\'))\n'
        "assert r.body == b'{{\"predictions\":[1.5]}}', r\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    here = Path(__file__).parent
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            code.format(root=str(here.parents[2]), here=str(here)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(done.stdout.split())
    heavy = {
        "json", "re", "typing", "dataclasses", "enum", "logging", "csv", "datetime",
        "base64", "decimal", "numpy", "orjson", "http", "pathlib", "random", "uuid",
        "lambda_runtime.protocol.openapi", "lambda_runtime.protocol.inference",
        "lambda_runtime.protocol.raw", "lambda_runtime.protocol.csv_text",
    }  # fmt: skip
    assert set() == loaded & heavy
