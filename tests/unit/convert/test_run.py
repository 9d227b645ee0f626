"""From an MLflow folder to files, and every way that can fail."""

import pickle

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from mlflow_serverless.convert import convert
from mlflow_serverless.convert.errors import (
    CodeMissingError,
    MalformedModelError,
    MissingFrameworkError,
    NoConversionError,
    UnloadableModelError,
    UnsupportedFlavorError,
    UntrustedTypesError,
)
from mlflow_serverless.convert.load import require
from tests.fakes.binding import answer
from tests.fakes.lowering import same
from tests.models import boosters, canonical, folders, tables

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def churn():
    return canonical.pipeline()


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("form", ["skops", "cloudpickle", "pickle"])
def test_the_canonical_model_is_served_exactly(churn, tmp_path, out, form):
    """
    Mixed columns, gaps, odd names, text labels: from each form MLflow keeps it in.
    """
    model, data = churn
    trust = {"skops_trusted_types": ["numpy.dtype"]} if form == "skops" else {}
    kept = folders.saved(
        model, data, tmp_path / "m", serialization_format=form, **trust
    )
    fresh = canonical.customers(300, seed=5)
    fresh.loc[::4, "city/town"] = "unseen"

    made = convert(kept, out)

    assert model.predict(fresh).tolist() == answer(made.graph, fresh).tolist()
    assert ["numbers", "texts"] == [feed.input for feed in made.graph.feeds]
    assert made.report.estimator.startswith("Pipeline(ColumnTransformer(")
    assert "LogisticRegression.predict" in made.report.recipes
    assert made.report.flavor == "sklearn"


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_the_predict_function_of_the_model_is_kept(churn, tmp_path, out, method):
    """
    A model logged to answer with probabilities answers with probabilities.
    """
    model, data = churn
    kept = folders.saved(
        model, data, tmp_path / "m", predict_fn=method,
        serialization_format="cloudpickle",
    )  # fmt: skip

    made = convert(kept, out)

    native = getattr(model, method)(data)
    same(native, answer(made.graph, data), rtol=1e-9, atol=1e-12)


def test_null_is_what_pandas_makes_of_it(churn, tmp_path, out):
    """
    A text feed says what a request's null stands for; the model's pandas decides.
    """
    model, data = churn
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")

    texts = convert(kept, out).graph.feeds[1]

    missing = pd.DataFrame({"t": ["a", None]})["t"][1]
    assert (NULL_TEXT if missing is None else NAN_TEXT) == texts.null


def test_labels_keep_their_kind(tmp_path):
    """
    Integers are numbers in the graph; texts and booleans are positions with names.
    """
    from sklearn.linear_model import LogisticRegression

    data = tables.numbers()
    two = tables.two_classes(data)
    kinds = {"int": two + 3, "flag": two > 0, "text": np.where(two, "é", "")}
    for kind, label in kinds.items():
        model = LogisticRegression().fit(data, label)
        kept = folders.saved(
            model, data, tmp_path / kind, serialization_format="pickle"
        )
        (tmp_path / f"{kind}-out").mkdir()
        made = convert(kept, tmp_path / f"{kind}-out")

        assert model.predict(data).tolist() == answer(made.graph, data).tolist()
        (field,) = made.graph.answer.fields
        assert ([] if kind == "int" else model.classes_.tolist()) == list(field.labels)


@pytest.mark.parametrize(
    ("flavor", "name"),
    [("xgboost", "classifier-three"), ("xgboost", "dart"),
     ("lightgbm", "rf"), ("lightgbm", "classifier-texts")],
)  # fmt: skip
def test_boosters_are_loaded_as_mlflow_loads_them(tmp_path, out, flavor, name):
    """
    What the pyfunc model answers after a round trip through its file.
    """
    import mlflow

    family = boosters.XGBOOST if flavor == "xgboost" else boosters.LIGHTGBM
    model, data = family[name]()
    options = {"serialization_format": "cloudpickle"} if "LGBM" in str(model) else {}
    kept = folders.saved(model, data, tmp_path / "m", flavor=flavor, **options)

    made = convert(kept, out)

    native = mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(data)
    same(native, answer(made.graph, data), rtol=2e-6, atol=2e-6)


def test_large_forests_have_a_twin(tmp_path, out):
    """
    Above the limit a second graph without tree operators answers the same.
    """
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(1500, 4)), columns=list("abcd"))
    model = RandomForestClassifier(60, random_state=0, n_jobs=1)
    model.fit(data, rng.integers(0, 3, 1500))
    kept = folders.saved(
        model, data, tmp_path / "m", predict_fn="predict_proba",
        serialization_format="pickle",
    )  # fmt: skip

    made = convert(kept, out)

    (twin,) = made.twins
    kinds = {node.op_type for node in onnx.load(twin.file).graph.node}
    assert made.report.nodes > 20_000
    assert "TreeEnsemble" not in kinds
    for graph in (made.graph, twin):
        same(model.predict_proba(data), answer(graph, data), rtol=1e-12)


def linear_graph():
    """`y = x @ w + b` as a foreign ONNX model."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, (3, 2), range(6))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", 2))], [weights],
    )  # fmt: skip
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )


def test_onnx_models_are_bound_as_they_are(tmp_path, out):
    """
    The graph stays; its outputs are named in the answer.
    """
    data = np.arange(12, dtype=np.float32).reshape(4, 3)
    kept = folders.saved(linear_graph(), data, tmp_path / "m", flavor="onnx")

    made = convert(kept, out)

    expected = data @ np.arange(6, dtype=np.float32).reshape(3, 2)
    same(expected, answer(made.graph, data)["y"])


def test_an_unknown_flavour_names_the_known_ones(churn, tmp_path, out):
    """
    The error lists what can be converted.
    """
    kept = folders.servable(tmp_path, churn[1], flavor="prophet")

    with pytest.raises(UnsupportedFlavorError) as caught:
        convert(kept, out)

    for known in ("lightgbm", "onnx", "sklearn", "xgboost"):
        assert known in caught.value.message


def test_a_missing_framework_names_its_extra():
    """
    The error says what to install.
    """
    with pytest.raises(MissingFrameworkError) as caught:
        require("xgboost", "xgboost", "no_such_library")

    assert "'no_such_library'" in caught.value.message
    assert "mlflow-serverless[xgboost]" in caught.value.hint


class Outsider:
    """A type that skops does not know."""


def test_untrusted_types_are_named_and_never_loaded(churn, tmp_path, out):
    """
    A skops file with a type its MLmodel does not trust is refused by name.
    """
    from sklearn.preprocessing import FunctionTransformer
    from skops import io

    _, data = churn
    folder = tmp_path / "m"
    folders.saved(
        churn[0], data, folder, serialization_format="skops",
        skops_trusted_types=["numpy.dtype"],
    )  # fmt: skip
    strange = FunctionTransformer(np.log1p, kw_args={"x": Outsider()})
    io.dump(strange, folder / "model.skops")

    with pytest.raises(UntrustedTypesError, match="Outsider"):
        convert(folders.servable(folder, data), out)
    assert [] == list(out.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"not a pickle", pickle.dumps(1)[:-1], b"cno_such_module\nX\n."]
)
def test_a_broken_pickle_is_named(churn, tmp_path, out, content):
    """
    Whatever unpickling runs into, the error names the file and the cause.
    """
    model, data = churn
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")
    (kept.folder / "model.pkl").write_bytes(content)

    with pytest.raises(UnloadableModelError, match=r"model\.pkl does not load here"):
        convert(kept, out)


@pytest.mark.parametrize(
    ("content", "lacks"),
    [
        (b"cno_such_module\nX\n.", "No module named 'no_such_module'"),
        (b"c__main__\nMyTransformer\n.", "MyTransformer"),
    ],
)
def test_custom_code_that_was_not_logged_is_named(churn, tmp_path, out, content, lacks):
    """
    A module or a class of a notebook that is not there, and how to bring it along.
    """
    model, data = churn
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")
    (kept.folder / "model.pkl").write_bytes(content)

    with pytest.raises(CodeMissingError, match=lacks) as caught:
        convert(kept, out)

    assert "code-missing" == caught.value.code
    assert "code_paths" in caught.value.hint


def test_folders_that_are_no_models(churn, tmp_path, out):
    """
    No MLmodel, no YAML, no such flavour, no such file: each its own sentence.
    """
    model, data = churn
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")
    folders.change_flavor(kept.folder, "sklearn", pickled_model="gone.pkl")
    with pytest.raises(MalformedModelError, match=r"gone\.pkl is not there"):
        convert(kept, out)

    for text, why in (("{", "not YAML"), ("flavors: {}", "no flavour 'sklearn'")):
        (kept.folder / "MLmodel").write_text(text)
        with pytest.raises(MalformedModelError, match=why):
            convert(kept, out)

    (kept.folder / "MLmodel").unlink()
    with pytest.raises(MalformedModelError, match="no MLmodel file"):
        convert(kept, out)


def test_what_has_no_conversion_says_which_estimator_and_why(tmp_path, out):
    """
    Python code inside a pipeline is named, with the way out.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    data = tables.numbers()
    model = make_pipeline(FunctionTransformer(np.nan_to_num), Ridge())
    model.fit(data, tables.target(data))
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")

    with pytest.raises(NoConversionError, match="nan_to_num is Python code") as caught:
        convert(kept, out)
    assert "engine=native" in caught.value.hint


def test_what_upstream_converts_is_named_in_the_report(tmp_path, out):
    """
    A part without a recipe of ours goes through skl2onnx, and says so.
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    data = tables.positive()
    model = make_pipeline(TfidfTransformer(), LogisticRegression())
    model.fit(data, tables.three_classes(data))
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")

    made = convert(kept, out)

    assert any(recipe.startswith("skl2onnx:Tfidf") for recipe in made.report.recipes)
    assert model.predict(data).tolist() == answer(made.graph, data).tolist()


def test_onnx_models_asked_with_columns_answer_with_a_table(tmp_path, out):
    """
    As MLflow's wrapper does where each output has one number a row.
    """
    weights = helper.make_tensor("w", TensorProto.FLOAT, (3, 1), range(3))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["score"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3))],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ("n", 1))],
        [weights],
    )  # fmt: skip
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    data = pd.DataFrame(np.eye(3), columns=["a b", "c", "d"]).astype("float32")
    kept = folders.saved(proto, data, tmp_path / "m", flavor="onnx")

    made = answer(convert(kept, out).graph, data)

    assert [0.0, 1.0, 2.0] == made["score"].tolist()


def test_a_recipe_that_fails_is_an_error_with_its_name(tmp_path, out):
    """
    An estimator that lacks what its recipe reads is refused, not a traceback.
    """
    from sklearn.linear_model import Ridge

    data = tables.numbers()
    model = Ridge().fit(data, tables.target(data))
    del model.intercept_
    kept = folders.saved(model, data, tmp_path / "m", serialization_format="pickle")

    with pytest.raises(NoConversionError, match=r"Ridge\.predict failed with Attrib"):
        convert(kept, out)
