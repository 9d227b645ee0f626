"""Images as `build` makes them, pushed, pulled, and run as Lambda runs them."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlflow_serverless.build import BuildOptions, Registry, build, push, tools
from mlflow_serverless.build.elf import is_elf, machine_of
from mlflow_serverless.build.manifest import digest_of
from mlflow_serverless.build.tools import tool_image
from mlflow_serverless.build.unpack import unpack
from mlflow_serverless.native import make
from mlflow_serverless.package import read_bundle
from mlflow_serverless.store import ContentStore
from mlflow_serverless.tools import Tool
from mlflow_serverless.verify import ParityOptions
from tests.fakes.base_image import INDEX, for_machine, tar_of
from tests.fakes.bundle import EVENT, write_bundle
from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.saving import save
from tests.fakes.tell import Heard, silent
from tests.image.containers import docker, registry_of_base, running

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.xdist_group("docker")]

PATIENCE_S = 300.0
"""Longest wait for an engine that others keep busy [s]; nothing here is timed."""

NEW_MODEL_BYTES = 8 * 1024
"""Model layer and configuration of the small bundle: nothing else may travel."""


@pytest.fixture(scope="module")
def host(engine, tmp_path_factory):
    """A real registry that has a real base; `host:port`."""
    with registry_of_base(tmp_path_factory.mktemp("registry")) as address:
        yield address.partition("/")[0]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Shared by the builds of this module."""
    return ContentStore(tmp_path_factory.mktemp("store"))


def bundle_in(folder, *, version: str = "3", engine: str = "ort-c"):
    """The small bundle, as some version of its model."""
    write_bundle(folder, engine=engine)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("small/3", f"small/{version}"))
    return read_bundle(folder)


def answer_of(image: str, event: bytes = EVENT, *, memory_mb: int = 256) -> dict:
    """What a container of *image*, locked down as Lambda does, predicts."""
    docker("pull", "-q", image, timeout_s=PATIENCE_S)
    memory = f"{memory_mb}m"
    try:
        with FakeRuntimeApi() as api:
            where = ("--network", "host", "-m", memory, "--memory-swap", memory,
                     "-e", f"AWS_LAMBDA_RUNTIME_API={api.address}")  # fmt: skip
            with running(*where, image=image) as container:
                posted = api.invoke(event, timeout_s=PATIENCE_S)
                api.wait_polls(2, timeout_s=PATIENCE_S)
                assert "false" == container.state("OOMKilled")
                assert 0 == container.stop()
        assert "response" == posted.kind
        return json.loads(posted.body)
    finally:
        docker("rmi", image, timeout_s=PATIENCE_S)


@pytest.fixture(scope="module")
def pushed(host, store, tmp_path_factory):
    """Bundle, image and receipt of a first push without an engine."""
    bundle = bundle_in(tmp_path_factory.mktemp("bundle") / "small")
    image = build(bundle, BuildOptions(base=f"{host}/base:3"), store, silent)
    sent = push(image, Registry(host), "ml/small", tell=silent, tag="v3")
    return bundle, image, sent


def test_what_was_assembled_without_an_engine_answers(pushed):
    """Pulled by its digest, read-only, not root, 256 MB."""
    assert 3 == len(answer_of(pushed[2].address)["predictions"][0])


def test_a_new_model_sends_only_its_layer(host, store, pushed, tmp_path):
    """Measured on the wire: a few kilobytes of tens of megabytes."""
    bundle = bundle_in(tmp_path / "small", version="4")
    image = build(bundle, BuildOptions(base=f"{host}/base:3"), store, silent)
    sent = push(image, Registry(host), "ml/small", tell=silent, tag="v4")
    print(f"first: {pushed[2].sent_bytes} bytes; next: {sent.sent_bytes} bytes")  # noqa: T201 - for reports

    assert pushed[2].sent_bytes > 30_000_000
    assert NEW_MODEL_BYTES > sent.sent_bytes
    assert pushed[1].layers[:-1] == image.layers[:-1]


def test_another_repository_mounts_what_is_there(host, pushed):
    """Base and dependencies are not sent to the registry twice."""
    sent = push(
        pushed[1], Registry(host), "ml/other", tell=silent, mount_from=["ml/small"]
    )

    assert (0, 0) == (sent.sent_bytes, sent.present_bytes)
    assert pushed[1].digest == Registry(host).manifest("ml/other", sent.digest).digest


def test_the_engine_builds_the_same_image(host, store, pushed):
    """Same configuration, so same image id; and it answers the same."""
    bundle, image, sent = pushed
    options = BuildOptions(base=f"{host}/base:3", builder="docker")
    built = build(bundle, options, store, silent)
    again = push(
        built, Registry(host), "ml/docker", tell=silent, mount_from=["ml/small"]
    )

    assert image.config_digest == built.config_digest
    assert image.layers[1:] == built.layers[1:]
    assert [x.diff_id for x in image.layers] == [x.diff_id for x in built.layers]
    assert answer_of(sent.address) == answer_of(again.address)


def test_the_engine_builds_the_same_tool(host, store, monkeypatch):
    """Of less code than a tool has, as compiling takes long; no model, no libraries."""
    monkeypatch.setattr(tools, "PACKAGES", ("lambda_runtime",))
    tool, heard = Tool(name="small", handler="small:handler"), Heard()
    ways = {
        builder: tool_image(
            tool, BuildOptions(base=f"{host}/base:3", builder=builder), store, heard
        )
        for builder in ("daemonless", "docker")
    }
    ours, engines = ways.values()

    assert "build.progress" in {event for event, _ in heard.events}
    assert ours.config_digest == engines.config_digest
    assert ours.layers[1:] == engines.layers[1:]


def test_onnxruntimes_own_package_runs_in_it(host, store, pushed, tmp_path):
    """The second engine, with numpy: trimmed, and it answers the same."""
    bundle = bundle_in(tmp_path / "small", engine="ort-python")
    image = build(bundle, BuildOptions(base=f"{host}/base:3"), store, silent)
    sent = push(image, Registry(host), "ml/python", tell=silent)
    expected = answer_of(pushed[2].address)["predictions"][0]

    assert pytest.approx(expected) == answer_of(sent.address)["predictions"][0]


def test_a_native_model_brings_its_libraries(host, store, tmp_path):
    """scikit-learn in a layer of its own; it answers as the estimator does."""
    data = pd.DataFrame({"a": [0.1, 0.9, 0.4, 0.7], "b": [3.0, 1.0, 2.5, 0.5]})
    estimator = LogisticRegression().fit(data, [0, 1, 0, 1])
    rows = data.head(2)
    expected = estimator.predict_proba(rows)
    servable = save(
        estimator, data, tmp_path / "model", pyfunc_predict_fn="predict_proba",
        answer=estimator.predict_proba(data),
    )  # fmt: skip
    quick = ParityOptions(samples=50, boundary_rows=50)
    make(servable, tmp_path / "bundle", why="to be sure", options=quick)
    bundle = read_bundle(tmp_path / "bundle")
    image = build(bundle, BuildOptions(base=f"{host}/base:3"), store, silent)
    sent = push(image, Registry(host), "ml/native", tell=silent)
    split = json.loads(rows.to_json(orient="split", index=False))
    event = json.dumps({"dataframe_split": split}).encode()
    found = answer_of(sent.address, event, memory_mb=512)["predictions"]

    assert expected.tolist() == [pytest.approx(row) for row in found]
    assert "scikit-learn==" in image.spec.lock
    assert "pandas==" not in image.spec.lock


def test_an_image_for_the_other_processor_holds_its_libraries(host, store, tmp_path):
    """Every library of the arm64 image is for arm64, and its bytecode is the base's."""
    _publish_for_both(Registry(host), store)
    bundle = bundle_in(tmp_path / "small")
    options = BuildOptions(base=f"{host}/base:both", architecture="arm64")
    image = build(bundle, options, store, silent)
    x86 = build(bundle, BuildOptions(base=f"{host}/base:3"), store, silent)
    config = json.loads(image.blob(image.config_digest).read_text())
    unpack([image.blob(image.layers[1].digest)], tmp_path / "x", "ours")
    libraries = [path for path in (tmp_path / "x").rglob("*") if is_elf(path)]

    assert "arm64" == config["architecture"]
    assert 2 <= len(libraries)
    assert {"arm64"} == {machine_of(path) for path in libraries}
    assert x86.layers[2:] == image.layers[2:]


def _publish_for_both(client: Registry, store: ContentStore) -> None:
    """An index of the real base and of one for arm64, whose Python cannot be run."""
    found = client.manifest("base", "3")
    config = json.loads(found.content)["config"]["digest"]
    digest = found.digest.removeprefix("sha256:")
    root = store.root / "image-bases" / digest / "root"
    files = {
        "usr/lib64/libc.so.6": next(root.rglob("libc.so.6")).read_bytes(),
        "usr/bin/python3.13": (root / "usr/bin/python3.13").read_bytes(),
    }
    tar = tar_of({name: for_machine(file, "arm64") for name, file in files.items()})
    client.download("base", config, store.root / "config.json")
    said = json.loads((store.root / "config.json").read_text())
    said |= {"architecture": "arm64", "history": []}
    said["rootfs"]["diff_ids"] = [digest_of(tar)]
    document = json.loads(found.content)
    parts = {"config": json.dumps(said).encode(), "layers": tar}
    for name, content in parts.items():
        path = store.root / name
        path.write_bytes(content)
        client.upload("base", path, digest_of(content))
    document["config"] |= {
        "digest": digest_of(parts["config"]),
        "size": len(parts["config"]),
    }
    document["layers"] = [
        {**document["layers"][0], "digest": digest_of(tar), "size": len(tar)}
    ]
    arm = json.dumps(document).encode()
    client.put_manifest("base", "arm", arm, document["mediaType"])
    listed = [
        {"mediaType": document["mediaType"], "digest": each, "size": size,
         "platform": {"os": "linux", "architecture": oci}}
        for oci, each, size in (("amd64", found.digest, len(found.content)),
                                ("arm64", digest_of(arm), len(arm)))
    ]  # fmt: skip
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
    client.put_manifest("base", "both", json.dumps(index).encode(), INDEX)
