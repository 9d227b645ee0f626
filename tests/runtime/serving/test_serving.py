"""The right variant serves at once, and a better one takes over without harm."""

import struct

import numpy as np
import pytest

from lambda_runtime.faults import BrokenBundle, Internal
from lambda_runtime.manifest import File, Tensor, Variant
from lambda_runtime.serving import Serving
from lambda_runtime.tensor import Value
from tests.runtime.engine import graphs

ROW = {"x": Value("float32", (1, 2), bytes(8))}
LATE = float("inf")


@pytest.fixture
def serving_of(manifest_of, engine, files):
    """Serves variants with the fakes; what it tells is in `told`."""

    def make(*variants: Variant, told=None, **parts: object) -> Serving:
        return Serving(
            manifest_of(*variants, **parts),
            files.path_of,
            threads=2,
            tell=None if told is None else told.append,
            open_with=engine.open,
        )

    return make


def served_by(serving):
    return serving.run(ROW, ["y"])["y"].data[0]


def test_one_variant_serves_from_the_start(serving_of, engine, files):
    """
    Its files are asked for, it has the threads given, and nothing is left to settle.
    """
    serving = serving_of(Variant("only", "m.onnx", needs=("m.data",)))

    assert "only" == served_by(serving)
    assert ["m.data", "m.onnx"] == sorted(files.asked)
    assert [2] == [session.threads for session in engine.opened]
    assert serving.settle(LATE)


def test_the_steady_variant_takes_over_when_settled(
    serving_of, engine, files, first, steady
):
    """
    The first serves; the steady one's file is not even asked for before `settle`.
    """
    serving = serving_of(first, steady)
    assert "quick" == served_by(serving)
    assert ["quick.onnx"] == files.asked

    assert serving.settle(LATE)

    assert "fast" == served_by(serving)
    assert "fast" == serving.variant.name
    assert [1, 0] == [session.closed for session in engine.opened]


def test_settling_waits_for_enough_time(serving_of, engine, first, steady):
    """
    With less time than the measured load takes, nothing is opened; that is told once.
    """
    told = []
    serving = serving_of(first, steady, told=told)

    assert not serving.settle(0.0)
    assert not serving.settle(0.0)
    assert [
        f"serving.steady-waits variant=fast needs_ms={steady.load_ms:.0f} has_ms=0"
    ] == told
    assert "quick" == served_by(serving)
    assert 1 == len(engine.opened)
    assert serving.settle(LATE)
    assert "fast" == served_by(serving)


@pytest.mark.parametrize(
    "cause", [None, BrokenBundle("model-corrupt", "b"), MemoryError()]
)
def test_a_steady_variant_that_fails_is_told_once(
    serving_of, engine, first, steady, cause
):
    """
    Whatever goes wrong, the first goes on serving, and it is said once.
    """
    told = []
    engine.refused, engine.fails_with = {"fast"}, cause
    serving = serving_of(first, steady, told=told)

    assert serving.settle(LATE)
    assert serving.settle(LATE)

    assert "quick" == served_by(serving)
    assert 1 == len(told)
    assert told[0].startswith("serving.steady-failed variant=fast why=")


def test_a_steady_file_that_is_nowhere_harms_nothing(serving_of, files, first, steady):
    """
    A tier that lost the steady variant's file costs speed, never answers.
    """
    told = []
    files.lost = {"fast.onnx"}
    serving = serving_of(first, steady, told=told)

    assert serving.settle(LATE)

    assert "quick" == served_by(serving)
    assert "no tier has fast.onnx" in told[0]


def test_a_first_that_is_refused_gives_way_to_the_next(
    serving_of, engine, first, steady
):
    """
    Another form of the graph may suit this engine; then there is nothing to settle.
    """
    engine.refused = {"quick"}

    serving = serving_of(first, steady)

    assert "fast" == served_by(serving)
    assert serving.settle(LATE)
    assert 1 == len(engine.opened)


def test_when_all_are_refused_the_first_reason_is_given(
    serving_of, engine, first, steady
):
    """
    The preferred variant's refusal is what initialisation reports.
    """
    engine.refused = {"quick", "fast"}

    with pytest.raises(BrokenBundle) as broken:
        serving_of(first, steady)

    assert "no /bundle/quick.onnx" == str(broken.value)


def test_a_lost_file_ends_initialisation(serving_of, files, first, steady):
    """
    If the first variant's file is nowhere, that is the reason; no other is tried.
    """
    files.lost = {"quick.onnx"}

    with pytest.raises(BrokenBundle) as broken:
        serving_of(first, steady)

    assert "model-unavailable" == broken.value.code


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"inputs": (Tensor("z", "float32", (None, 2)),)}, "takes [('x', 'float32')]"),
        ({"inputs": (Tensor("x", "int64", (None, 2)),)}, "takes [('x', 'float32')]"),
        ({"outputs": (Tensor("p", "float32", (None, 2)),)}, "not answer p: float32"),
        ({"outputs": (Tensor("y", "int64", (None, 2)),)}, "not answer y: int64"),
    ],
)
def test_a_graph_that_is_not_the_manifests_is_refused(serving_of, engine, parts, said):
    """
    Names and types of what it takes and answers must agree, or nothing is served.
    """
    with pytest.raises(BrokenBundle) as broken:
        serving_of(Variant("only", "m.onnx"), **parts)

    assert "graph-mismatch" == broken.value.code
    assert said in str(broken.value)
    assert [1] == [session.closed for session in engine.opened]


@pytest.mark.parametrize(
    ("run_us", "runs"), [(None, 0), (5.0, 1), (20_000.0, 1), (20_001.0, 0)]
)
def test_only_a_cheap_graph_is_warmed_up(serving_of, engine, run_us, runs):
    """
    One blank row is run while loading, unless it costs too much or no one knows.
    """
    serving_of(Variant("only", "m.onnx", run_us=run_us))

    assert [ROW] * runs == engine.opened[0].runs


def test_closing_gives_everything_back(serving_of, engine, first, steady):
    """
    The session is closed, closing again is well, and nothing is opened afterwards.
    """
    serving = serving_of(first, steady)

    serving.close()
    serving.close()

    assert serving.settle(LATE)
    assert 1 == len(engine.opened)
    assert engine.opened[0].closed


@pytest.mark.parametrize("kind", ["ort-c", "ort-python"])
def test_a_real_graph_is_swapped_and_answers_alike(tmp_path, manifest_of, kind):
    """
    Mapped external weights serve first, then the same graph laid out for speed.
    """
    weights = np.arange(6, dtype="float32").reshape(2, 3)
    graphs.external(weights, tmp_path)
    names = ("external.onnx", ("weights.bin",))
    manifest = manifest_of(
        Variant("mapped", *names, use="first", prepack=False, run_us=5.0),
        Variant("laid-out", *names, use="steady", run_us=5.0),
        inputs=(Tensor("x", "float32", (None, 2)),),
        outputs=(Tensor("share", "float32", (None, 3)),),
    )
    manifest = manifest._replace(engine=manifest.engine._replace(kind=kind))

    def path_of(file: File) -> str:
        return str(tmp_path / file.path)

    serving = Serving(manifest, path_of, threads=1)
    row = {"x": Value("float32", (1, 2), struct.pack("2f", 1, 2))}

    before = serving.run(row, ["share", "score"])
    assert serving.settle(LATE)
    after = serving.run(row, ["share", "score"])

    assert [6.0, 9.0, 12.0] == list(struct.unpack("3f", before["score"].data))
    assert before == after
    assert "laid-out" == serving.variant.name
    serving.close()
    with pytest.raises(Internal):
        serving.run(row, ["score"])


def test_failures_are_told_on_standard_error(manifest_of, files, engine, capfd):
    """
    Without another ear, the one line goes where the platform collects logs.
    """
    engine.refused = {"fast"}
    quick, fast = (
        Variant("quick", "q.onnx", use="first"),
        Variant("fast", "f.onnx", use="steady"),
    )
    serving = Serving(
        manifest_of(quick, fast), files.path_of, threads=1, open_with=engine.open
    )

    serving.settle(LATE)

    expected = "serving.steady-failed variant=fast why=no /bundle/f.onnx\n"
    assert expected == capfd.readouterr().err
