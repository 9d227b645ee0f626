"""Weights stay in the files they came in, and several threads may run one session."""

import os
import struct
import threading

import numpy as np
import onnxruntime as ort
import pytest

from lambda_runtime.engine import open_session
from lambda_runtime.engine.capi import api_at
from lambda_runtime.engine.library import find_library
from lambda_runtime.engine.options import MAPS_ORT_FILES, _release
from lambda_runtime.faults import Internal
from lambda_runtime.manifest import Variant
from lambda_runtime.tensor import Value
from tests.runtime.engine import graphs

WIDTH = 64
WEIGHTS = np.random.default_rng(1).normal(size=(WIDTH, WIDTH)).astype("float32")
ROW = Value("float32", (1, WIDTH), struct.pack(f"{WIDTH}f", *range(WIDTH)))
EXPECTED = np.arange(WIDTH, dtype="float32") @ WEIGHTS

MAPS = pytest.mark.skipif(
    _release(api_at(find_library()).version) < MAPS_ORT_FILES,
    reason="this ONNX Runtime does not map .ort files",
)


@pytest.fixture(scope="module")
def ort_file(tmp_path_factory):
    """The linear graph in ONNX Runtime's own format."""
    folder = tmp_path_factory.mktemp("formats")
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "linear.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    path = graphs.saved(graphs.linear(WEIGHTS), folder / "linear.onnx")
    ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return folder / "linear.ort"


def scores(session):
    answer = session.run({"x": ROW}, ["score"])["score"]
    return np.frombuffer(answer.data, "float32")


def mapped_files():
    with open("/proc/self/maps") as file:
        return file.read()


def test_an_ort_file_answers_as_its_graph_does(ort_file, kind):
    """
    The format is a matter of loading only.
    """
    variant = Variant("ort", "linear.ort", format="ort", prepack=False)

    session = open_session(kind, str(ort_file), variant, threads=1)

    np.testing.assert_allclose(EXPECTED, scores(session), rtol=1e-4)
    session.close()


@MAPS
def test_an_ort_file_is_mapped_while_it_serves(ort_file):
    """
    Its weights are used where they lie, and let go with the session.
    """
    variant = Variant("ort", "linear.ort", format="ort", prepack=False)

    session = open_session("ort-c", str(ort_file), variant, threads=1)

    assert str(ort_file) in mapped_files()
    session.close()
    assert str(ort_file) not in mapped_files()


@pytest.mark.parametrize("prepack", [False, True])
def test_external_weights_are_mapped_where_they_lie(tmp_path, prepack):
    """
    Weights beside the graph are pages of their file, and the answers are the same.
    """
    weights = np.random.default_rng(2).normal(size=(1024, 8)).astype("float32")
    path = graphs.external(weights, tmp_path)
    variant = Variant("mapped", path, optimised=True, prepack=prepack)

    session = open_session("ort-c", path, variant, threads=1)

    row = Value("float32", (1, 1024), struct.pack("1024f", *([0.5] * 1024)))
    answer = np.frombuffer(session.run({"x": row}, ["score"])["score"].data, "float32")
    np.testing.assert_allclose(0.5 * weights.sum(axis=0), answer, rtol=1e-3, atol=1e-3)
    assert prepack or str(tmp_path / "weights.bin") in mapped_files()
    session.close()


@pytest.mark.parametrize("format_", ["onnx", "ort"])
def test_a_file_in_memory_is_served_by_its_descriptor(ort_file, format_):
    """
    A tier may hold a file in memory only: its path is that of a descriptor.
    """
    file = ort_file.with_suffix(f".{format_}")
    descriptor = os.memfd_create("model")
    os.write(descriptor, file.read_bytes())
    variant = Variant("memory", "linear", format=format_)

    session = open_session("ort-c", f"/proc/self/fd/{descriptor}", variant, threads=1)
    os.close(descriptor)

    np.testing.assert_allclose(EXPECTED, scores(session), rtol=1e-4)
    session.close()


def test_threads_share_a_session_and_may_be_caught_by_its_end(ort_file):
    """
    Runs at once do not mix their answers; a session that is closed under them ends
    with the last of them, and refuses what comes later.
    """
    session = open_session(
        "ort-c", str(ort_file), Variant("ort", "x", format="ort"), threads=1
    )
    wrong, refused, half = [], [], threading.Barrier(5)

    def work(scale: float) -> None:
        data = (scale * np.arange(WIDTH, dtype="float32")).tobytes()
        inputs = {"x": Value("float32", (1, WIDTH), data)}
        for turn in range(400):
            if turn == 200:
                half.wait()
            try:
                answer = session.run(inputs, ["score"])["score"].data
            except Internal as closed:
                refused.append(closed)
                continue
            got = np.frombuffer(answer, "float32")
            if not np.allclose(scale * EXPECTED, got, rtol=1e-3, atol=1e-2):
                wrong.append(got)

    workers = [threading.Thread(target=work, args=(scale,)) for scale in (1, 2, 3, 4)]
    for worker in workers:
        worker.start()
    half.wait()
    session.close()
    for worker in workers:
        worker.join()

    assert [] == wrong
    assert refused
