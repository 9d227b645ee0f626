"""PyTorch modules, exported programs and pickles, through `torch.onnx`."""

import numpy as np
import pandas as pd
import pytest

_WHY = "torch is not installed: python -m pip install torch onnxscript"
torch = pytest.importorskip("torch", reason=_WHY)
pytest.importorskip("onnxscript", reason=_WHY)

from mlflow_serverless.convert.errors import NoConversionError  # noqa: E402 - see above
from tests.models import deep  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # torch deprecates itself while exporting
]


class Stubborn(torch.nn.Module):
    """Takes two rows of six, and no other number."""

    def forward(self, x):
        return x.reshape(2, 6) * 2


class Counting(torch.nn.Module):
    """Multiplies by how many rows there are: a number once it is exported."""

    def forward(self, x):
        return x * float(x.shape[0])


class Pair(torch.nn.Module):
    """Answers with two tensors."""

    def forward(self, x):
        return x, x * 2


@pytest.mark.parametrize(
    ("build", "example"),
    [
        (deep.network, deep.tables(4)),
        (deep.convolution, deep.images(3)),
        (deep.attention, np.ones((2, 5, 16), np.float32)),
    ],
)
def test_an_exported_program_answers_as_it_does(build, example, tmp_path):
    """
    A pt2 of dense, convolutional and attention layers passes the gate, any batch.
    """
    folder = deep.save_torch(build(), example, tmp_path / "model")

    conversion, report = deep.proved(folder)

    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)
    assert None is conversion.graph.inputs[0].shape[0]
    assert () == conversion.report.warnings
    assert report.rows > 20


def test_a_batch_frozen_at_one_is_said_and_enforced(tmp_path):
    """
    One row logged, one row served: the report says so, and two rows are refused.
    """
    import onnxruntime as ort

    folder = deep.save_torch(deep.network(), deep.tables(1), tmp_path / "model")

    conversion, report = deep.proved(folder)
    session = ort.InferenceSession(str(conversion.graph.file))
    name = conversion.graph.inputs[0].name

    assert 1 == conversion.graph.inputs[0].shape[0]
    assert "exactly 1" in conversion.report.warnings[0]
    assert report.passed
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(None, {name: deep.tables(2)})


def test_a_batch_frozen_at_two_is_found_though_it_has_a_name(tmp_path):
    """
    Sizes that the exporter writes as text are numbers to the engine all the same.
    """
    import onnxruntime as ort

    folder = deep.save_torch(Counting(), deep.tables(2), tmp_path / "model")

    conversion = deep.converted(folder)
    session = ort.InferenceSession(str(conversion.graph.file))
    name = conversion.graph.inputs[0].name

    assert 2 == conversion.graph.inputs[0].shape[0]
    assert "exactly 2" in conversion.report.warnings[0]
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(None, {name: deep.tables(3)})


@pytest.mark.parametrize("rows", [1, 3])
def test_a_pickled_module_keeps_its_batch_open(rows, tmp_path):
    """
    However many rows its example has, a pickle is exported for any batch.
    """
    folder = deep.save_torch(
        deep.network(), deep.tables(rows), tmp_path / "m", serialization_format="pickle"
    )

    conversion, report = deep.proved(folder)

    assert None is conversion.graph.inputs[0].shape[0]
    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)


def test_a_frame_is_answered_as_a_table(tmp_path):
    """
    Columns in, columns out, called as pandas calls the columns of an array.
    """
    data = pd.DataFrame(deep.tables(5).astype(float), columns=list("abcdef"))
    module = deep.network()
    answer = pd.DataFrame(module(torch.tensor(data.to_numpy(np.float32))).detach())
    folder = deep.save_torch(
        module, data, tmp_path / "m", answers=answer, serialization_format="pickle"
    )

    conversion, report = deep.proved(folder)

    assert "table" == conversion.graph.answer.form
    assert ("0", "1", "2") == tuple(f.name for f in conversion.graph.answer.fields)
    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)


def test_no_path_of_the_exporter_is_kept(tmp_path):
    """
    Graphs remember nothing of where, and from which code, they were exported.
    """
    folder = deep.save_torch(deep.network(), deep.tables(2), tmp_path / "model")

    content = deep.converted(folder).graph.file.read_bytes()

    assert b"site-packages" not in content
    assert b"stack_trace" not in content


@pytest.mark.parametrize(
    ("module", "why"),
    [(Pair(), "outputs"), (Stubborn(), "fixes at 2"), (Counting(), "fixes at 2")],
)
def test_what_no_graph_can_repeat_is_refused(module, why, tmp_path):
    """
    Several answers, and a batch of one size only, are left to the native engine.
    """
    folder = deep.save_torch(
        module, deep.tables(2), tmp_path / "m", answers=deep.tables(2),
        serialization_format="pickle",
    )  # fmt: skip

    with pytest.raises(NoConversionError, match=why) as caught:
        deep.converted(folder)

    assert "engine=native" in caught.value.hint
