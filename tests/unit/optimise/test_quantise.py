"""Fewer bits a weight: smaller, measured by how much it moves, refused beyond that."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

from lambda_runtime.manifest import Answer, Feed, Field, Tensor
from mlflow_serverless.config import parse
from mlflow_serverless.config.errors import ConfigError
from mlflow_serverless.convert import Conversion, ConversionReport, OnnxGraph
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.optimise import (
    AnswersMovedError,
    OptimiseOptions,
    held_to_budget,
    optimise,
)
from mlflow_serverless.optimise import quantise as room
from mlflow_serverless.optimise.calibration import calibration_rows
from mlflow_serverless.optimise.errors import (
    BadCalibrationError,
    NothingToQuantiseError,
    ceiling,
)
from mlflow_serverless.verify import ParityOptions, candidate_of, examine
from mlflow_serverless.verify.errors import ParityError

WIDTH = 32


def dense(*, dtype: str = "float32", scale: float = 0.3) -> onnx.ModelProto:
    """Two layers and a softmax-free end, weights from a bell."""
    rng = np.random.default_rng(0)

    def weights(*shape):
        return rng.normal(0, scale, shape).astype(dtype)

    graph = Builder()
    rows = graph.input("X", dtype, (None, WIDTH))
    hidden = (rows @ weights(WIDTH, 256) + weights(256)).map("Relu")
    return graph.model([("y", hidden @ weights(256, 4))])


def conversion(proto: onnx.ModelProto, folder: Path) -> Conversion:
    """*proto* as the convert room hands it over."""
    folder.mkdir(exist_ok=True)
    file = folder / "model.onnx"
    onnx.save(proto, file)
    kind = "float64" if proto.graph.input[0].type.tensor_type.elem_type == 11 else ""
    graph = OnnxGraph(
        file=file,
        inputs=(Tensor("X", kind or "float32", (None, WIDTH)),),
        outputs=(Tensor("y", kind or "float32", (None, 4)),),
        feeds=(Feed("X", (), ""),),
        answer=Answer("array", (Field("y"),)),
        opset=(("", 21),),
    )
    report = ConversionReport(
        flavor="onnx", estimator="dense", recipes=(), warnings=(), seconds=0.0,
        nodes=4, libraries=(),
    )  # fmt: skip
    return Conversion(graph=graph, report=report)


def forms(proto, tmp_path, **options):
    """What the room makes of *proto*."""
    target = tmp_path / "optimised"
    target.mkdir(exist_ok=True)
    return optimise(
        conversion(proto, tmp_path / "in"), target, OptimiseOptions(**options)
    )


def run(file, rows):
    """Answers of the graph in *file*."""
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": rows})[0]


def rows_of(count: int) -> np.ndarray:
    """Inputs from a bell."""
    return np.random.default_rng(1).normal(size=(count, WIDTH)).astype(np.float32)


def calibration(tmp_path, count: int = 64) -> Path:
    """A file of rows like those to come."""
    file = tmp_path / "rows.npy"
    np.save(file, rows_of(count))
    return file


def test_nothing_is_quantised_unless_asked_for(tmp_path):
    """
    By default every weight keeps its bits, and no answer moves.
    """
    proto = dense()

    (form,) = forms(proto, tmp_path)

    exact = run(tmp_path / "in" / "model.onnx", rows_of(50))
    assert "exact" == OptimiseOptions().precision == parse({}).optimise.precision
    assert form.before is None
    assert exact == pytest.approx(run(form.graph.file, rows_of(50)), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("precision", "smaller", "moves"), [("float16", 0.55, 0.02), ("int8", 0.40, 0.5)]
)
def test_weights_take_fewer_bytes_and_answers_move_little(
    precision, smaller, moves, tmp_path
):
    """
    Half precision halves a graph, int8 quarters it; both stay near, neither is exact.
    """
    (form,) = forms(dense(), tmp_path, precision=precision, external=False)

    exact = run(tmp_path / "in" / "model.onnx", rows_of(200))
    apart = np.abs(exact - run(form.graph.file, rows_of(200))).max()

    assert precision == form.variant.name
    assert form.bytes < smaller * form.before_bytes
    assert 0 < apart < moves * exact.std()


def test_costs_before_and_after_are_reported(tmp_path):
    """
    Bytes, load and run time are known for the graph as it was and as it is.
    """
    (form,) = forms(dense(), tmp_path, precision="int8")

    assert form.before is not None
    assert form.before.bytes == form.before_bytes > form.bytes
    assert min(form.before.load_ms, form.before.run_us, form.load_ms, form.run_us) > 0


def test_calibrated_activations_are_bytes_too(tmp_path):
    """
    With calibration rows, products multiply bytes whose ranges were found beforehand.
    """
    file = calibration(tmp_path)

    (form,) = forms(dense(), tmp_path, precision="int8", calibration=file)

    kinds = {node.op_type for node in onnx.load(form.graph.file).graph.node}
    exact = run(tmp_path / "in" / "model.onnx", rows_of(200))
    assert "int8-static" in form.steps
    assert "DynamicQuantizeLinear" not in kinds
    assert np.abs(exact - run(form.graph.file, rows_of(200))).max() < exact.std()


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_a_graph_with_nothing_to_quantise_says_so(precision, tmp_path):
    """
    float64 weights, as scikit-learn computes, are refused with what to type.
    """
    with pytest.raises(NothingToQuantiseError, match="float64") as caught:
        forms(dense(dtype="float64"), tmp_path, precision=precision)

    assert "optimise.precision=exact" in caught.value.hint


def test_weights_beyond_half_precision_keep_their_bits():
    """
    A weight that float16 would make infinite stays in float32.
    """
    proto = dense()
    large = proto.graph.initializer[0]
    values = numpy_helper.to_array(large).copy()
    values.flat[0] = 1e6
    large.CopyFrom(numpy_helper.from_array(values, large.name))

    made = room.halved(proto)

    kinds = [tensor.data_type for tensor in made.graph.initializer]
    assert onnx.TensorProto.FLOAT in kinds
    assert onnx.TensorProto.FLOAT16 in kinds
    assert all(
        np.isfinite(numpy_helper.to_array(tensor)).all()
        for tensor in made.graph.initializer
    )


def test_each_step_can_be_turned_off(tmp_path):
    """
    Without any step the graph is served as it was converted.
    """
    (form,) = forms(
        dense(scale=0.1), tmp_path, slim=False, fuse=False, external=False, quick=False
    )

    kinds = [node.op_type for node in onnx.load(form.graph.file).graph.node]
    assert () == form.steps
    assert ["MatMul", "Add", "Relu", "MatMul", "Identity"] == kinds


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda file: file.write_text("a,b\n1,2\n"), "tensor"),
        (lambda _: None, "FileNotFoundError"),
    ],
)
def test_calibration_that_does_not_fit_is_refused(write, why, tmp_path):
    """
    A table for a tensor, and a file that is not there, are each named.
    """
    file = tmp_path / "rows.csv"
    write(file)
    graph = conversion(dense(), tmp_path / "in").graph

    with pytest.raises(BadCalibrationError, match=why):
        calibration_rows(file, graph)


def test_calibration_without_int8_is_a_mistake():
    """
    Calibration rows that nothing would use are refused with the configuration.
    """
    with pytest.raises(ConfigError, match="precision=int8"):
        parse({"optimise.calibration": "rows.csv"})


@pytest.mark.parametrize("value", [0.0123, 0.9999, 1.0, 31.4, 1e-9, 9.96e-4])
def test_what_is_to_be_typed_is_enough(value):
    """
    The tolerance that is named is short, and never below what was found.
    """
    assert value <= ceiling(value) <= value * 1.11
    assert len(f"{ceiling(value):g}") <= 8


def saved(proto, rows, tmp_path):
    """*proto* as MLflow's onnx flavour keeps it, and its forms in int8."""
    import mlflow
    from mlflow.models import infer_signature

    from tests.models import deep

    file = tmp_path / "scores.onnx"
    onnx.save(proto, file)
    signature = infer_signature(rows, {"y": run(file, rows)})
    mlflow.onnx.save_model(
        proto, tmp_path / "model", signature=signature, pip_requirements=["onnx"]
    )
    made = deep.converted(tmp_path / "model")
    target = tmp_path / "optimised"
    target.mkdir()
    return (
        deep.resolved(tmp_path / "model"),
        optimise(made, target, OptimiseOptions(precision="int8")),
    )


@pytest.fixture
def network(tmp_path):
    """Scores of rows so wide that no hostile value is put among them."""
    rng = np.random.default_rng(0)
    graph = Builder()
    rows = graph.input("X", "float32", (None, 5000))
    weights = rng.normal(0, 0.1, (5000, 4)).astype(np.float32)
    proto = graph.model([("y", rows @ weights)])
    example = rng.normal(size=(4, 5000)).astype(np.float32)
    return saved(proto, example, tmp_path)


def judged(network, **options):
    """Parity's report on the quantised forms."""
    model, made = network
    candidates = [candidate_of(form.graph, variant=form.variant) for form in made]
    chosen = ParityOptions(samples=100, boundary_rows=100, runtime_rows=8, **options)
    return examine(model, candidates, options=chosen)


def test_moved_answers_are_refused_with_what_to_type(network):
    """
    Without a budget int8 is refused; with the one that the refusal names it is served.
    """
    report = judged(network)

    with pytest.raises(AnswersMovedError) as caught:
        held_to_budget(report, network[1])

    (typed,) = [w for w in caught.value.hint.split() if w.startswith("parity.atol=")]
    budget = float(typed.removeprefix("parity.atol=").rstrip(","))
    assert caught.value.moved > 0
    assert "optimise.precision=exact" in caught.value.hint
    assert judged(network, atol=budget).passed


def test_rows_with_gaps_are_not_excused_by_a_tolerance(tmp_path):
    """
    One missing value spoils its whole batch in int8; the refusal names what does not.
    """
    network = saved(dense(), rows_of(4), tmp_path)
    report = judged(network)

    with pytest.raises(AnswersMovedError, match="missing") as caught:
        held_to_budget(report, network[1])

    assert "parity.atol" not in caught.value.hint
    assert "optimise.precision=float16" in caught.value.hint


def test_exact_forms_are_not_excused(network):
    """
    A form that nobody allowed to move fails as any other does.
    """
    from dataclasses import replace

    report = judged(network)
    held_to_budget(report, [replace(form, before=None) for form in network[1]])

    assert not report.passed
    assert ParityError(report).code == "parity-failed"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("precision", "moves"), [("int8", 0.2), ("float16", 0.01)])
def test_a_fitted_network_moves_a_little(precision, moves, tmp_path):
    """
    A perceptron trained on float32 is within a few hundredths of its probabilities.
    """
    from sklearn.neural_network import MLPClassifier

    from tests.fakes.binding import answer
    from tests.models import tables
    from tests.unit.optimise.test_optimise import converted

    data = tables.numbers(400).to_numpy(np.float32)
    labels = tables.three_classes(tables.numbers(400))
    model = MLPClassifier((64, 64), max_iter=60, random_state=0).fit(data, labels)
    made = converted(model, data, tmp_path / "in")

    (form,) = optimise(made, tmp_path, OptimiseOptions(precision=precision))

    moved = np.abs(answer(form.graph, data) - model.predict_proba(data)).max()
    assert 0 < moved < moves
