import numpy as np
import onnx
import pandas as pd
import pytest

from mlflow_serverless.convert import Conversion, ConversionReport
from mlflow_serverless.convert.draft import save
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.registry import lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from mlflow_serverless.optimise import optimise
from tests.fakes.binding import answer
from tests.fakes.lowering import same, signature_of
from tests.models import canonical

pytestmark = pytest.mark.filterwarnings("ignore")


def converted(model, data, folder, *, method="predict_proba", twin=False):
    catalogue.register()
    folder.mkdir(exist_ok=True)

    def graph(name, *, unrolls):
        draft = draft_of(
            Builder(unrolls=unrolls),
            signature_of(data),
            lambda frame: lower(model, method, frame),
        )
        return save(draft, folder / name)

    report = ConversionReport(
        flavor="sklearn", estimator="", recipes=(), warnings=(), seconds=0.0, nodes=0,
        libraries=(),
    )  # fmt: skip
    twins = (graph("twin.onnx", unrolls=True),) if twin else ()
    return Conversion(
        graph=graph("model.onnx", unrolls=False), report=report, twins=twins
    )


def forest():
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(1200, 4)), columns=list("abcd"))
    model = RandomForestRegressor(60, random_state=0)
    return model.fit(data, rng.normal(size=1200)), data


def test_a_small_model_has_one_form_with_the_same_answers(tmp_path):
    """
    Clean-up changes no answer, and what it cost is measured.
    """
    model, data = canonical.pipeline()
    made = converted(model, data, tmp_path / "in")
    (tmp_path / "out").mkdir()

    (form,) = optimise(made, tmp_path / "out")

    assert ("portable", "always", True) == (
        form.variant.name, form.variant.use, form.variant.optimised,
    )  # fmt: skip
    assert form.variant.load_ms > 0
    assert form.variant.run_us > 0
    assert [form.graph.file] == list(form.files)
    assert form.bytes == form.graph.file.stat().st_size
    same(model.predict_proba(data), answer(form.graph, data), rtol=1e-12)


def test_a_forest_with_a_twin_is_served_by_it_first(tmp_path):
    """
    The twin comes first with its constants outside, on page boundaries.
    """
    model, data = forest()
    made = converted(model, data, tmp_path / "in", method="predict", twin=True)
    (tmp_path / "out").mkdir()

    first, steady = optimise(made, tmp_path / "out")

    assert ["first", "steady"] == [first.variant.use, steady.variant.use]
    assert ("gather.data",) == first.variant.needs
    proto = onnx.load(first.graph.file, load_external_data=False)
    offsets = [
        int(entry.value)
        for tensor in proto.graph.initializer
        for entry in tensor.external_data
        if entry.key == "offset"
    ]
    assert offsets
    assert all(offset % 4096 == 0 for offset in offsets)
    for form in (first, steady):
        same(model.predict(data), answer(form.graph, data), rtol=1e-12)


def test_large_dense_weights_are_first_served_as_they_lie(tmp_path):
    """
    One file, two variants: mapped without layout first, laid out for good.
    """
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    data = rng.normal(size=(20, 700))
    model = Ridge().fit(data, rng.normal(size=(20, 2000)))
    made = converted(model, data, tmp_path / "in", method="predict")
    (tmp_path / "out").mkdir()

    quick, steady = optimise(made, tmp_path / "out")

    assert quick.variant.file == steady.variant.file
    assert ("first", False) == (quick.variant.use, quick.variant.prepack)
    assert ("steady", True) == (steady.variant.use, steady.variant.prepack)
    same(model.predict(data), answer(steady.graph, data), rtol=1e-9)


def test_making_the_forms_again_gives_the_same_files(tmp_path):
    """
    Files depend on the model alone, so bundles are addressed by content.
    """
    model, data = canonical.pipeline()
    made = converted(model, data, tmp_path / "in")
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (form,) = optimise(made, tmp_path / name)
        contents.append(form.graph.file.read_bytes())

    assert contents[0] == contents[1]
