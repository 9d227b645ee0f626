"""How a model is loaded and bound is read from what MLflow wrote, and from itself."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.manifest import Column, Signature, Tensor
from mlflow_serverless.native.bind import answer_for, inputs_for
from mlflow_serverless.native.cost import closure_bytes, libraries_for
from mlflow_serverless.native.errors import NativeAnswerError, NativeSignatureError
from mlflow_serverless.native.recipe import matrix_for, recipe_for
from tests.fakes.saving import save

NUMBERS = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.5]})
LABELS = [0, 1, 0, 1]


def columns(*types):
    return Signature(columns=tuple(Column(n, t) for n, t in zip("abcdef", types)))  # noqa: B905


def forest(data=NUMBERS):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=2, random_state=0).fit(data, LABELS)


def test_numbers_of_one_type_need_no_pandas():
    """
    A plain estimator on plain numbers takes one matrix.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain = forest()
    piped = make_pipeline(StandardScaler(), forest()).fit(NUMBERS, LABELS)

    assert "float64" == matrix_for(columns("double", "double"), "sklearn", plain)
    assert "float32" == matrix_for(columns("float", "float"), "sklearn", plain)
    assert "float64" == matrix_for(columns("double", "long"), "sklearn", plain)
    assert "float64" == matrix_for(columns("double", "double"), "sklearn", piped)


@pytest.mark.parametrize(
    "types", [("double", "string"), ("double", "boolean"), ("datetime", "double")]
)
def test_other_columns_are_shown_as_a_table(types):
    """
    Texts, booleans and times are what pandas makes of them.
    """
    assert "" == matrix_for(columns(*types), "sklearn", forest())


def test_what_may_look_at_names_gets_a_table():
    """
    Column transformers, the user's own code, and columns in another order.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    two = columns("double", "double")
    by_name = make_pipeline(ColumnTransformer([("a", "passthrough", ["a"])]), forest())
    own = make_pipeline(FunctionTransformer(np.log1p), forest())
    turned = forest(NUMBERS[["b", "a"]])

    assert "" == matrix_for(two, "sklearn", by_name)
    assert "" == matrix_for(two, "sklearn", own)
    assert "" == matrix_for(two, "sklearn", turned)
    assert "" == matrix_for(two, "sklearn", None)


def test_boosters_take_one_float_type_or_a_table():
    """
    They cast columns of several types one by one.
    """
    assert "" == matrix_for(columns("double", "long"), "xgboost", object())
    assert "" == matrix_for(columns("long", "long"), "lightgbm", object())


def test_a_recipe_says_what_mlmodel_says(tmp_path):
    """
    File, format and class are those that MLflow recorded.
    """
    saved = save(forest(), NUMBERS, tmp_path / "model")
    recipe = recipe_for(saved, forest())

    assert ("sklearn", "model.pkl", "cloudpickle", "float64") == (
        recipe.loader, recipe.file, recipe.format, recipe.matrix,
    )  # fmt: skip


def test_nothing_is_lost_on_the_way_in():
    """
    Every column goes in its own type: no whole number through a float.
    """
    inputs, feeds = inputs_for(columns("long", "double", "string", "datetime", "long"))
    found = [(i.name, i.dtype, f.columns) for i, f in zip(inputs, feeds, strict=True)]

    assert [
        ("longs", "int64", ("a", "e")), ("doubles", "float64", ("b",)),
        ("texts", "string", ("c",)), ("times", "string", ("d",)),
    ] == found  # fmt: skip


def test_tensors_go_in_as_they_are():
    """
    An unnamed tensor is called X on the way, and stays unnamed to the caller.
    """
    signature = Signature(tensors=(Tensor("", "float32", (None, 3)),))
    ((tensor,), (feed,)) = inputs_for(signature)

    assert ("X", "float32", (None, 3)) == tuple(tensor)
    assert "" == feed.tensor


def test_columns_of_lists_are_refused_by_name():
    """
    The error says which column, before anything is built.
    """
    with pytest.raises(NativeSignatureError, match="a"):
        inputs_for(columns('{"type": "array", "items": {"type": "double"}}'))


@given(st.sampled_from(["float64", "float32", "int64", "int32", "bool", "uint8"]))
def test_outputs_keep_the_models_types(dtype):
    """
    Whatever number the model answers with, the manifest promises the same.
    """
    outputs, answer = answer_for("array", {"": np.zeros((3, 2), dtype=dtype)})

    assert (dtype, (None, 2)) == (outputs[0].dtype, outputs[0].shape)
    assert "array" == answer.form


def test_texts_with_gaps_are_texts():
    """
    None among labels is a gap, not another type.
    """
    outputs, _ = answer_for("table", {"y": np.array(["a", None], dtype=object)})

    assert "string" == outputs[0].dtype


@pytest.mark.parametrize(
    "array",
    [np.array([1, "a"], dtype=object), np.array(1.0), np.zeros(2, dtype="complex128")],
)
def test_what_has_no_one_type_is_refused(array):
    """
    Better no deployment than an answer that the wire cannot tell.
    """
    with pytest.raises(NativeAnswerError):
        answer_for("array", {"": array})


class Dist:
    def __init__(self, size, *requires) -> None:
        self.files = [type("File", (), {"size": size})()]
        self.requires = list(requires)


def test_the_weight_counts_each_library_once():
    """
    What is needed by two is installed once; extras are not installed.
    """
    have = {
        "a": Dist(1, "c>=1", "d; extra == 'x'"), "b": Dist(10, "C_c"),
        "c": Dist(100), "c-c": Dist(1000), "d": Dist(10_000),
    }  # fmt: skip

    assert 1111 == closure_bytes(["a", "b", "a"], have.__getitem__)


def test_only_what_is_imported_is_counted():
    """
    Pandas only for tables; mlflow only where nothing else can load the model.
    """
    plain = libraries_for("sklearn", "skops", frame=False, requirements=["x==1"])
    own = libraries_for("pyfunc", "", frame=True, requirements=["prophet==1.1"])

    assert ("scikit-learn", "skops") == plain
    assert ("mlflow", "pandas", "prophet") == own
