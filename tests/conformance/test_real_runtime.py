"""The embedded cloud runs the real runtime: bytes in, predictions out."""

import hashlib
import json
from pathlib import Path

import pytest

from lambda_runtime import manifest as m
from lambda_runtime.manifest_write import to_plain
from mlflow_serverless.apply import apply
from mlflow_serverless.local import LocalCloud, stop
from mlflow_serverless.local.function_url import from_reply
from mlflow_serverless.local.serve import application
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Desired,
    Function,
    RouteAlias,
    Settings,
    content_of,
    plan,
)
from tests.fakes.asgi import request
from tests.fakes.bundles import keep
from tests.fakes.patience import phases, until
from tests.fakes.tell import silent

pytestmark = pytest.mark.emulator

COLUMNS = ("a", "b")


def linear(folder: Path, bias: float) -> Bundle:
    """`a + 2 b + bias`, as a bundle that the runtime serves."""
    from onnx import TensorProto, helper

    one = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["t"]),
            helper.make_node("Add", ["t", "bias"], ["y"]),
        ],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        one,
        [
            helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 2.0]),
            helper.make_tensor("bias", TensorProto.FLOAT, [1], [bias]),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return bundled(folder, model.SerializeToString())


def bundled(folder: Path, content: bytes) -> Bundle:
    folder.mkdir()
    (folder / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    manifest = m.Manifest(
        model=m.Model("models:/linear/1", "linear", "1"),
        engine=m.Engine(),
        inputs=(m.Tensor("x", "float32", (None, 2)),),
        outputs=(m.Tensor("y", "float32", (None, 1)),),
        variants=(m.Variant("portable", "model.onnx"),),
        signature=m.Signature(columns=tuple(m.Column(c, "double") for c in COLUMNS)),
        feeds=(m.Feed("x", COLUMNS),),
        answer=m.Answer("array", (m.Field("y", column=0),)),
        files=(m.File("model.onnx", digest, len(content)),),
    )
    text = json.dumps(to_plain(manifest)).encode()
    (folder / "manifest.json").write_bytes(text)
    address = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return Bundle(folder=folder, digest=address, manifest=manifest)


def rows(*data: tuple[float, float]) -> bytes:
    frame = {"columns": COLUMNS, "data": data}
    return json.dumps({"dataframe_split": frame}).encode()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "root"
    yield folder
    stop(folder)


@pytest.fixture(scope="module")
def cloud(root):
    return LocalCloud(root)


@pytest.fixture
def deploy(cloud, tmp_path):
    def make(name: str, bundle: Bundle) -> Desired:
        function = Function(
            name=name,
            artifact=keep(cloud, bundle),
            settings=Settings(memory_mb=512, timeout_s=10),
        )
        want = Desired(function=function)
        apply(plan(want, cloud.snapshot(name)), cloud, silent)
        return want

    return make


def predictions(reply) -> list[float]:
    assert reply.error is None, reply.payload
    return json.loads(reply.payload)["predictions"]


def test_a_model_is_served_and_updated(cloud, deploy, tmp_path):
    """The update's answers are the new model's; the old version still answers."""
    deploy("linear", linear(tmp_path / "one", 0.5))
    assert predictions(cloud.invoke("linear", rows((1, 2), (2, 3)))) == [5.5, 8.5]
    deploy("linear", linear(tmp_path / "two", 100.0))

    assert predictions(cloud.invoke("linear", rows((1, 2)))) == [105.0]
    old, new = (version.number for version in cloud.snapshot("linear").versions)
    assert predictions(cloud.invoke("linear", rows((1, 2)), qualifier=old)) == [5.5]
    cloud.perform(RouteAlias("linear", "live", old, ((new, 0.5),)))
    seen = {predictions(cloud.invoke("linear", rows((1, 2))))[0] for _ in range(40)}
    assert {5.5, 105.0} == seen


def test_every_request_is_a_metric(cloud, root, deploy, tmp_path):
    """Cold once, with rows and times; nothing of the payload is kept."""
    deploy("counted", linear(tmp_path / "bundle", 0.0))
    for _ in range(3):
        cloud.invoke("counted", rows((123456.5, 2)))
        until(lambda: {"idle"} == phases(root, "counted"))

    metrics = list(cloud.metrics("counted"))

    assert [metric["Cold"] for metric in metrics] == [True, False, False]
    assert [metric["Rows"] for metric in metrics] == [1, 1, 1]
    assert not [x for x in cloud.logs("counted") if "123456" in x.text]


def test_a_function_url_answers_as_the_scoring_server_does(cloud, deploy, tmp_path):
    """Through HTTP: predictions, and the caller's mistakes."""
    deploy("curled", linear(tmp_path / "bundle", 0.0))
    app = application(cloud)

    good = request(app, "/curled/invocations", body=rows((1, 2)))
    bad = request(app, "/curled/invocations", body=b'{"dataframe_split": 7}')
    ping = request(app, "/curled/ping", method="GET")

    assert (good.status, json.loads(good.body)) == (200, {"predictions": [5.0]})
    assert bad.status == 400
    assert "error_code" in json.loads(bad.body)
    assert ping.status == 200
    assert b"Traceback" not in bad.body


def test_a_graph_that_is_none_is_a_failed_init(cloud, deploy, tmp_path):
    """With a type and a reason, every time, and no loop."""
    deploy("broken", bundled(tmp_path / "bundle", b"not a graph"))

    for _ in range(2):
        reply = cloud.invoke("broken", rows((1, 2)))
        value = json.loads(reply.payload)
        assert reply.error == "Unhandled"
        assert value["errorType"]
        assert value["errorMessage"]
        assert from_reply(reply.payload, reply.error).status == 502


def test_what_serves_is_what_was_planned(cloud, deploy, tmp_path):
    """The alias stands for the content that was wanted."""
    want = deploy("planned", linear(tmp_path / "bundle", 1.0))

    assert cloud.snapshot("planned").serves("live", content_of(want.function))
    assert cloud.invoke("planned", rows((1, 1))).version == "1"
