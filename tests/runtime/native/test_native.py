"""The model's own library behind the doors: the same data, the same answer."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.models.utils import _enforce_schema
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from mlflow.types import ColSpec, Schema

from lambda_runtime.exchange import Request
from lambda_runtime.faults import BadRequest, BrokenBundle, Internal
from lambda_runtime.manifest import (
    Answer,
    Column,
    Engine,
    Field,
    Manifest,
    Model,
    Signature,
    Tensor,
    Variant,
)
from lambda_runtime.native import libraries, open_native
from lambda_runtime.native.outcome import WHOLE, values_of
from lambda_runtime.native.recipe import KEY, Recipe, recipe_of
from lambda_runtime.native.session import NativeSession
from lambda_runtime.native.table import preparer
from lambda_runtime.protocol.service import Service
from lambda_runtime.tensor import Value
from mlflow_serverless.native.bind import inputs_for

KINDS = ("boolean", "integer", "long", "float", "double", "string", "datetime")


def manifest_of(columns, recipe=None, answer=None, outputs=None) -> Manifest:
    signature = Signature(columns=tuple(columns))
    inputs, feeds = inputs_for(signature)
    recipe = recipe or Recipe("pyfunc")
    return Manifest(
        model=Model("models:/m/1"),
        engine=Engine("native"),
        inputs=inputs,
        outputs=outputs or (Tensor(WHOLE, "float64", (None,)),),
        variants=(Variant("native", "model/MLmodel", format="native"),),
        signature=signature,
        feeds=feeds,
        answer=answer or Answer("array", (Field(WHOLE),)),
        files=(),
        options={KEY: recipe._asdict()},
    )


def seen_by_the_model(columns, body: str):
    """The DataFrame that reaches a model through the runtime."""
    manifest = manifest_of(columns)
    seen = []

    def predict(frame):
        seen.append(frame)
        return np.zeros(len(frame))

    session = NativeSession(manifest, predict, preparer(manifest, ""))
    headers = {"content-type": "application/json"}
    request = Request("POST", "/invocations", headers, body.encode())
    response = Service(manifest, session.run).respond(request)
    assert 200 == response.status, response.body
    return seen[0]


def seen_by_pyfunc(columns, body: str):
    """The DataFrame that MLflow's own server would show it."""
    schema = Schema([ColSpec(c.type, c.name, required=c.required) for c in columns])
    return _enforce_schema(infer_and_parse_data(json.loads(body), schema), schema)


CELLS = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    "string": st.text(st.characters(exclude_categories=("Cs", "Co")), max_size=5),
    "datetime": st.datetimes(
        pd.Timestamp("1700-01-01").to_pydatetime(),
        pd.Timestamp("2200-01-01").to_pydatetime(),
    ).map(lambda moment: moment.isoformat(timespec="microseconds")),
}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    rows = draw(st.integers(1, 4))
    columns = [Column(f"c {at}", kind) for at, kind in enumerate(kinds)]
    data = [[draw(CELLS[c.type]) for c in columns] for _ in range(rows)]
    names = [column.name for column in columns]
    return columns, json.dumps({"dataframe_split": {"columns": names, "data": data}})


@settings(max_examples=60, deadline=None)
@given(tables())
def test_the_model_sees_what_pyfunc_would_show_it(table):
    """
    Names, order, types, values and gaps of the DataFrame are those of MLflow's server.
    """
    columns, body = table

    expected, got = seen_by_pyfunc(columns, body), seen_by_the_model(columns, body)

    pd.testing.assert_frame_equal(expected, got, check_exact=True)


@pytest.mark.parametrize("cells", [["a", None], [None], [None, None]])
def test_gaps_among_texts_are_what_pandas_makes_of_them(cells):
    """
    A null beside texts is the pandas' own gap; nulls alone are None among objects.
    """
    data = [[cell] for cell in cells]
    body = json.dumps({"dataframe_split": {"columns": ["t"], "data": data}})
    columns = [Column("t", "string", required=False)]

    pd.testing.assert_frame_equal(
        seen_by_pyfunc(columns, body), seen_by_the_model(columns, body)
    )


def test_one_matrix_says_what_the_columns_say():
    """
    Without pandas the columns stand in the signature's order, however they came.
    """
    columns = [Column("a", "double"), Column("b", "long"), Column("c", "double")]
    manifest = manifest_of(columns)
    shape = preparer(manifest, "float64")
    doubles = np.array([[1.0, 3.0], [4.0, 6.0]])
    longs = np.array([[2], [5]], dtype=np.int64)

    got = shape({
        "doubles": Value("float64", (2, 2), doubles.tobytes()),
        "longs": Value("int64", (2, 1), longs.tobytes()),
    })  # fmt: skip

    assert [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] == got.tolist()
    assert got.flags.writeable


def fitted():
    from sklearn.linear_model import LinearRegression

    data = np.array([[0.0], [1.0], [2.0]])
    return LinearRegression().fit(data, data[:, 0] * 2)


def saved(tmp_path, recipe):
    (tmp_path / "MLmodel").write_text("")
    manifest = manifest_of([Column("a", "double")], recipe)
    return open_native(manifest, str(tmp_path / "MLmodel"), threads=1)


def asked(session, value=3.0):
    data = np.array([[value]]).tobytes()
    found = session.run({"doubles": Value("float64", (1, 1), data)}, [WHOLE])
    return np.frombuffer(found[WHOLE].data)[0]


@pytest.mark.parametrize("format_", ["pickle", "cloudpickle", "skops"])
def test_an_estimator_is_loaded_in_the_format_that_was_recorded(tmp_path, format_):
    """
    Every format that MLflow writes is read without mlflow.
    """
    import skops.io

    if format_ == "skops":
        skops.io.dump(fitted(), tmp_path / "model.bin")
    else:
        (tmp_path / "model.bin").write_bytes(pickle.dumps(fitted()))
    recipe = Recipe("sklearn", "model.bin", format_, matrix="float64")

    assert asked(saved(tmp_path, recipe)) == pytest.approx(6.0)


def test_a_skops_file_with_types_nobody_trusts_is_refused(tmp_path):
    """
    What MLmodel does not list is not loaded, whoever wrote the file.
    """
    import skops.io

    from tests.fakes.shop import __name__ as _module

    class Odd:
        pass

    Odd.__module__, Odd.__qualname__ = _module, "Odd"
    skops.io.dump(Odd(), tmp_path / "model.bin")
    with pytest.raises(BrokenBundle) as caught:
        saved(tmp_path, Recipe("sklearn", "model.bin", "skops"))

    assert "model-refused" == caught.value.code
    assert "Untrusted" in str(caught.value)


def test_a_missing_library_is_named(monkeypatch):
    """
    The reason says which module, and which variable would bring it.
    """
    monkeypatch.setenv(libraries.VARIABLE, "/nowhere")
    with pytest.raises(BrokenBundle) as caught:
        libraries.library("a_library_that_is_not_there")

    assert "engine-missing" == caught.value.code
    assert "a_library_that_is_not_there" in str(caught.value)
    assert "/nowhere" in str(caught.value)


@pytest.mark.parametrize(
    "options", [{}, {KEY: 3}, {KEY: {}}, {KEY: {"loader": "spark"}}]
)
def test_what_is_no_recipe_breaks_the_bundle(options):
    """
    A manifest that does not say how to load the model is refused at the start.
    """
    with pytest.raises(BrokenBundle):
        recipe_of(options)


def test_a_model_that_refuses_rows_is_the_callers_mistake(tmp_path):
    """
    As MLflow's server says it, and without a value of the request.
    """

    def predict(_):
        raise ValueError("secret 4711")

    manifest = manifest_of([Column("a", "double")])
    session = NativeSession(manifest, predict, preparer(manifest, "float64"))
    with pytest.raises(BadRequest) as caught:
        asked(session)

    assert "ValueError" in caught.value.message
    assert "4711" not in caught.value.message


def test_a_closed_session_says_so():
    """
    Closing twice is safe; asking afterwards is our mistake.
    """
    manifest = manifest_of([Column("a", "double")])
    session = NativeSession(manifest, len, preparer(manifest, "float64"))
    session.close()
    session.close()
    with pytest.raises(Internal):
        asked(session)


@pytest.mark.parametrize(
    ("answer", "form", "dtypes"),
    [
        (np.array([1.5, 2.5]), "array", {WHOLE: "float64"}),
        (pd.DataFrame({"a": [1], "b": ["x"]}), "table", {"a": "int64", "b": "string"}),
        (pd.Series([1, 2], name="a"), "table", {"a": "int64"}),
        ({"a": np.zeros((2, 3), np.float32)}, "tensors", {"a": "float32"}),
        ([{"a": 1.0}, {"a": 2.0}], "table", {"a": "float64"}),
    ],
)  # fmt: skip
def test_whatever_form_a_model_answers_in_arrives(answer, form, dtypes):
    """
    Arrays, tables, series, mappings and records become the outputs promised.
    """
    found = values_of(answer, form, dtypes)

    assert dtypes == {name: value.dtype for name, value in found.items()}


@pytest.mark.parametrize(
    ("answer", "dtype"),
    [
        (np.array([1.5]), "int64"),
        (np.array([2**40]), "int32"),
        (np.array([-1]), "uint8"),
        (np.array([1 / 3]), "float32"),
        (np.array([np.nan]), "int64"),
        (np.array([2**60 + 1]), "float32"),
    ],
)
def test_an_answer_of_another_type_is_not_bent_into_shape(answer, dtype):
    """
    No number becomes another one silently.
    """
    with pytest.raises(Internal):
        values_of(answer, "array", {WHOLE: dtype})


def test_whole_numbers_may_be_written_as_floats():
    """
    A model that answers 1 and then 1.5 answers floats.
    """
    found = values_of(np.array([1, 2]), "array", {WHOLE: "float64"})

    assert [1.0, 2.0] == np.frombuffer(found[WHOLE].data).tolist()


def test_a_matrix_lies_in_memory_as_a_table_does():
    """
    Numpy sums in the order of memory: the model sees pandas' own last digits.
    """
    columns = [Column(name, "double") for name in "abc"]
    manifest = manifest_of(columns)
    rows = np.random.default_rng(0).normal(size=(40, 3))

    got = preparer(manifest, "float64")(
        {"doubles": Value("float64", rows.shape, rows.tobytes())}
    )

    assert pd.DataFrame(rows).to_numpy().flags.f_contiguous
    assert got.flags.f_contiguous
    assert rows.tolist() == got.tolist()


def test_a_series_without_a_name_is_column_0():
    """
    MLflow's server makes a DataFrame of it before it writes JSON.
    """
    found = values_of(pd.Series([1.5]), "table", {"0": "float64"})

    assert {"0"} == found.keys()
