"""Cold start under AWS's emulator: container ready to first answer."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks import images, models
from benchmarks.bundles import bundle_of, runtime_tree
from benchmarks.table import Gate, Section, interleaved

ROUNDS = 5
ROWS = {"inputs": models.table(1)[0].tolist()}
SHAPES = {
    "default": [],
    "0.5 CPU, 1024 MB": ["--cpus", "0.5", "-m", "1024m"],
}


def run() -> Section:
    """Build one image a way, start each in turn, and compare."""
    images.build_base()
    with tempfile.TemporaryDirectory() as folder:
        tags = _build_all(Path(folder))
        figures = {
            shape: interleaved(
                {name: _starter(tag, extra) for name, tag in tags.items()}, ROUNDS
            )
            for shape, extra in SHAPES.items()
        }
        figures["page cache dropped"] = interleaved(
            {name: _starter(tag, [], drop=True) for name, tag in tags.items()}, 3
        )
    return _section(figures, {name: _size(tag) for name, tag in tags.items()})


def _build_all(work: Path) -> dict[str, str]:
    """Image tags by name; every image serves the same forest."""
    forest = models.forest()
    artefacts = _artefacts(forest, work)
    tags = {}
    for name, peer in images.PEERS_BY_NAME.items():
        tree = work / peer.folder / "tree"
        environment = images.peer_tree(peer, tree, artefacts[peer.folder])
        tags[name] = f"mlflow-serverless/bench-{peer.folder}"
        images.build(tags[name], tree, peer.command, environment)
    tree = work / "ours" / "tree"
    command, environment = runtime_tree(tree, bundle_of(forest, work / "bundle"))
    images.install_emulator(tree)
    tags["lambda_runtime"] = "mlflow-serverless/bench-ours"
    images.build(tags["lambda_runtime"], tree, command, environment)
    return tags


def _artefacts(forest, work: Path) -> dict[str, Path | None]:
    """What each peer loads: a pickle, an MLflow folder, the stock ONNX file."""
    import joblib
    import mlflow.sklearn
    from skl2onnx import to_onnx

    joblib.dump(forest, work / "forest.joblib")
    mlflow.sklearn.save_model(
        forest, work / "mlflow", pip_requirements=["scikit-learn"],
        pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle",
    )  # fmt: skip
    graph = to_onnx(forest, models.table(1)[0], options={"zipmap": False})
    (work / "forest.onnx").write_bytes(graph.SerializeToString())
    return {
        "empty": None,
        "slim": work / "forest.onnx",
        "textbook": work / "forest.onnx",
        "joblib": work / "forest.joblib",
        "pyfunc": work / "mlflow",
    }


def _starter(tag: str, extra: list[str], *, drop: bool = False):
    return lambda: _first_answer_ms(tag, extra, drop=drop)


def _first_answer_ms(tag: str, extra: list[str], *, drop: bool) -> float:
    """One container: from the emulator listening to the first answer [ms]."""
    if drop:
        subprocess.run(["sync"], check=True)
        Path("/proc/sys/vm/drop_caches").write_text("3")
    port = _free_port()
    name = subprocess.run(
        ["docker", "run", "-d", "--rm", "-p", f"127.0.0.1:{port}:8080",
         "--read-only", "--tmpfs", "/tmp:mode=1777", "-u", "993:990",
         "-e", "AWS_LAMBDA_FUNCTION_TIMEOUT=60", *extra, tag],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    try:
        _wait(port)
        start = time.perf_counter()
        _invoke(port)
        return (time.perf_counter() - start) * 1e3
    finally:
        subprocess.run(["docker", "kill", name], check=False, capture_output=True)


def _invoke(port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations",
        json.dumps(ROWS).encode(),
    )
    body = urllib.request.urlopen(request, timeout=60).read()
    if b"errorMessage" in body or b"error_code" in body:
        raise RuntimeError(body.decode())


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(1)
            try:
                probe.connect(("127.0.0.1", port))
                probe.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if probe.recv(1):
                    return
            except OSError:
                pass
        time.sleep(0.05)
    raise TimeoutError("the emulator did not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _size(tag: str) -> int:
    """Bytes of an image above its base."""
    inspect = ["docker", "image", "inspect", "-f", "{{.Size}}"]
    sizes = [
        int(subprocess.run([*inspect, name], check=True, capture_output=True).stdout)
        for name in (tag, images.BASE)
    ]
    return sizes[0] - sizes[1]


def _section(figures: dict[str, dict[str, float]], sizes: dict[str, int]) -> Section:
    names = list(sizes)
    rows = [
        [name, *(f"{figures[shape][name]:.0f} ms" for shape in figures),
         f"{sizes[name] / 1e6:.0f} MB"]
        for name in names
    ]  # fmt: skip
    ours = {shape: by_name["lambda_runtime"] for shape, by_name in figures.items()}
    default = figures["default"]
    gates = (
        Gate("cold start / MLflow pyfunc image", ours["default"] / default["mlflow.pyfunc"], 1 / 25, 1 / 40),
        Gate("cold start / textbook ONNX handler", ours["default"] / default["textbook ONNX handler"], 1 / 8, 1 / 15),
        Gate("cold start / empty loop", ours["default"] / default["empty loop"], 6, 3),
    )  # fmt: skip
    return Section(
        "Cold start",
        "A random forest of 200 trees, depth 12, in a container under AWS's runtime "
        "interface emulator, read-only, non-root. From the emulator listening to the "
        "first answer; image bytes above the base.",
        ("", *figures, "image"),
        rows,
        gates,
    )
