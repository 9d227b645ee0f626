"""Several models in one function: each answers, as many are ready as memory allows."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lambda_runtime.app import App, build, manifest_of, read_plain
from lambda_runtime.exchange import Request
from lambda_runtime.faults import BrokenBundle
from lambda_runtime.settings import read
from lambda_runtime.several import weight_of
from tests.fakes.bundle import (
    EVENT,
    native_library,
    write_bundle,
    write_mapped_bundle,
    write_several,
)
from tests.fakes.loop_process import ENTRY, Runtime

NAMES = ("fraud", "churn", "my model")
ROOMY = 10_000_000
JSON = {"content-type": "application/json"}


def opened(folder: Path, **environ: str) -> App:
    """The application of the bundle, or index, in *folder*."""
    where = {
        "MLFLOW_SERVERLESS_BUNDLE": str(folder),
        "MLFLOW_SERVERLESS_SCRATCH": str(folder / "scratch"),
    }
    return build(read({**where, **environ}, root="/"), born_ns=time.perf_counter_ns())


def ask(app: App, path: str, *, body: bytes = EVENT, method: str = "POST"):
    """Status and content of the answer at *path*."""
    response, _ = app.respond(Request(method, path, JSON, body))
    return response.status, json.loads(response.body)


def ready(app: App) -> list[str]:
    """Names of the models that are open."""
    _, said = ask(app, "/models", method="GET")
    return [model["name"] for model in said["models"] if model["ready"]]


def alone(folder: Path, scale: float):
    """What a function that holds only that model answers."""
    app = opened(write_bundle(folder, scale=scale))
    try:
        return ask(app, "/invocations")
    finally:
        app.close()


@pytest.fixture
def app_of(tmp_path):
    """Opens three models with so much memory for them; closed at the end."""
    apps = []

    def make(memory_bytes: int = ROOMY) -> App:
        folder = write_several(tmp_path / "b", *NAMES, memory_bytes=memory_bytes)
        apps.append(opened(folder))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


def weight(folder: Path) -> int:
    """What one of the models weighs, once laid out."""
    return 2 * (folder / "b/of/fraud/model.onnx").stat().st_size


def test_each_model_answers_as_it_does_alone(app_of, tmp_path):
    """By MLflow's path, SageMaker's and Open Inference's, under any name."""
    expected = [alone(tmp_path / f"{at}", 0.1 + at) for at in range(3)]
    app = app_of()

    assert expected[0] == ask(app, "/invocations")
    assert expected == [ask(app, f"/models/{name}/invocations") for name in NAMES]
    assert expected[1:2] == [ask(app, "/models/churn/invoke")]
    assert 3 == len({json.dumps(answer) for answer in expected})
    columns = json.loads(EVENT)["dataframe_split"]["columns"]
    cells = json.loads(EVENT)["dataframe_split"]["data"][0]
    infer = json.dumps(
        {
            "inputs": [
                {"name": name, "shape": [1], "datatype": "FP64", "data": [cell]}
                for name, cell in zip(columns, cells, strict=True)
            ]
        }
    ).encode()
    for name, (_, answer) in zip(NAMES, expected, strict=True):
        path = f"/v2/models/{name.replace(' ', '%20')}/infer"
        status, said = ask(app, path, body=infer)
        assert (200, name) == (status, said["model_name"])
        assert answer["predictions"][0] == said["outputs"][0]["data"]


def test_models_are_opened_when_they_are_asked_for(app_of):
    """A start costs what its first model costs."""
    app = app_of()
    assert ["fraud"] == ready(app)

    ask(app, "/models/churn/invocations")
    assert ["fraud", "churn"] == ready(app)


@pytest.mark.parametrize("room", [0.5, 1, 2])
def test_memory_bounds_how_many_are_ready(app_of, tmp_path, room):
    """The longest unused is closed; one alone is served whatever it weighs."""
    write_several(tmp_path / "b", *NAMES, memory_bytes=1)
    app = app_of(int(weight(tmp_path) * room))
    most = max(1, int(room))
    used: list[str] = ["fraud"]

    for name in (*NAMES, *reversed(NAMES), "churn", "churn", "fraud"):
        status, _ = ask(app, f"/models/{name}/invocations")
        used = [*[one for one in used if one != name], name]
        assert 200 == status
        assert set(used[-most:]) == set(ready(app))


def test_what_is_about_no_model_needs_none(app_of, tmp_path):
    """Health and metadata are answered whoever is open, and open nobody."""
    write_several(tmp_path / "b", *NAMES, memory_bytes=1)
    app = app_of(1)
    ask(app, "/models/churn/invocations")

    for path in ("/ping", "/health", "/version", "/v2", "/v2/health/live", "/models"):
        request = Request("GET", path, {}, b"")
        beside = app.aside(request)
        assert beside is not None
        assert 200 == beside.status == app.respond(request)[0].status
    assert ["churn"] == ready(app)
    assert app.aside(Request("GET", "/v2/models/fraud", {}, b"")) is None
    assert 405 == ask(app, "/models")[0]


@pytest.mark.parametrize(
    "path",
    ["/models/nobody/invocations", "/v2/models/nobody/infer", "/models//invocations",
     "/models/churn/nowhere", "/models/churn", "/v2/models/churn/nowhere", "/nowhere"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(app_of, path):
    """Neither unknown models nor unknown paths of known ones."""
    status, said = ask(app_of(), path)

    assert (404, "RESOURCE_DOES_NOT_EXIST") == (status, said["error_code"])


def test_a_broken_model_is_unavailable_and_the_others_go_on(app_of, tmp_path, capfd):
    """503 with its code to the caller, the reason to the log; mended, it is served."""
    app = app_of()
    graph = tmp_path / "b/of/churn/model.onnx"
    content = graph.read_bytes()
    graph.write_bytes(b"cut")
    status, said = ask(app, "/models/churn/invocations")

    assert (503, "TEMPORARILY_UNAVAILABLE") == (status, said["error_code"])
    assert "model-corrupt" in said["message"]
    assert "3 bytes instead of" in capfd.readouterr().err
    assert str(tmp_path) not in said["message"]
    assert 200 == ask(app, "/invocations")[0]

    graph.write_bytes(content)
    assert 200 == ask(app, "/models/churn/invocations")[0]


def test_a_broken_first_model_ends_initialisation(tmp_path):
    """Nothing would answer `/invocations`: that is the init error."""
    folder = write_several(tmp_path / "b", *NAMES, memory_bytes=ROOMY)
    (folder / "of/fraud/model.onnx").unlink()

    with pytest.raises(BrokenBundle) as caught:
        opened(folder)
    assert "model-unavailable" == caught.value.code


@pytest.mark.parametrize(
    "index",
    [
        {"models": {}}, {"models": []}, {"models": {"": "a"}}, {"models": {"a/b": "a"}},
        {"models": {"a": "../a"}}, {"models": {"a": "/a"}}, {"models": {"a": 7}},
        {"models": {"a": ""}}, {"models": {"a": "b"}, "memory_bytes": 0},
        {"models": {"a": "b"}, "memory_bytes": "1"},
    ],
)  # fmt: skip
def test_an_index_that_is_none_is_refused(tmp_path, index):
    """Names, folders and memory are looked at before anything is opened."""
    (tmp_path / "manifest.json").write_text(json.dumps(index))

    with pytest.raises(BrokenBundle) as caught:
        opened(tmp_path)
    assert "manifest-malformed" == caught.value.code


def test_half_the_functions_memory_is_the_models(tmp_path):
    """Where the index does not say: what the function has bounds it."""
    folder = write_several(tmp_path / "b", *NAMES, memory_bytes=1)
    index = json.loads((folder / "manifest.json").read_text())
    del index["memory_bytes"]
    (folder / "manifest.json").write_text(json.dumps(index))
    app = opened(folder, AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128")
    for name in NAMES:
        ask(app, f"/models/{name}/invocations")

    assert set(NAMES) == set(ready(app))
    app.close()


def test_weights_count_twice_where_they_are_laid_out_again(tmp_path):
    """What is mapped counts once; the graph's external data counts with it."""
    folder = write_mapped_bundle(tmp_path)
    manifest = manifest_of(read_plain(str(folder)), str(folder))
    quick = manifest.variants[0]
    size = sum((folder / name).stat().st_size for name in ("quick.onnx", "quick.data"))

    assert size == weight_of(manifest, quick)
    assert 2 * size == weight_of(manifest, quick._replace(prepack=True))


def test_later_models_change_to_their_steady_form_too(tmp_path):
    """Put-off work is not over with the first model's."""
    folder = write_several(tmp_path / "b", "fraud", "churn", memory_bytes=ROOMY)
    write_mapped_bundle(folder / "of/churn")
    app = opened(folder)
    soon = int(time.time() * 1e3) + 60_000
    app.settle(soon)
    before = ask(app, "/models/churn/invocations")
    app.settle(soon)
    (serving,) = [
        model.serving
        for model in app._service._sessions.ready
        if model.facts.model == "churn"
    ]

    assert "fast" == serving.variant.name
    assert before == ask(app, "/models/churn/invocations")
    app.close()


def test_lines_are_of_the_model_that_answered(tmp_path):
    """Through the loop: the first is asked directly, others through any front end."""
    folder = write_several(tmp_path / "b", "fraud", "churn", memory_bytes=ROOMY)
    environ = {
        "MLFLOW_SERVERLESS_BUNDLE": str(folder),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "MLFLOW_SERVERLESS_SCRATCH": str(tmp_path / "scratch"),
    }
    event = {
        "version": "2.0", "rawPath": "/models/churn/invocations",
        "requestContext": {"http": {"method": "POST"}},
        "headers": JSON, "body": EVENT.decode(),
    }  # fmt: skip
    with Runtime(ENTRY, **environ) as runtime:
        runtime.api.invoke(json.dumps(event).encode())
        runtime.api.invoke(EVENT)
        runtime.api.wait_polls(3)
        runtime.stop()
        lines = [json.loads(line) for line in runtime.out.splitlines()]
        said = runtime.err

    assert ["churn", "fraud"] == [line["Model"] for line in lines]
    assert [200, 200] == [line["Status"] for line in lines]
    assert [True, False] == [line["Cold"] for line in lines]
    assert b"models.opened name=churn" in said
