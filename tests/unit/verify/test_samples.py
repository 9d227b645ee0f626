"""The rows that are asked: what is in them, and that they repeat."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lambda_runtime.manifest import Column, Signature, Tensor
from mlflow_serverless.verify import ParityOptions
from mlflow_serverless.verify.batch import rows_of
from mlflow_serverless.verify.errors import NoSamplesError
from mlflow_serverless.verify.samples import samples
from mlflow_serverless.verify.samples.columns import fit
from mlflow_serverless.verify.samples.given import MisfitError, conform, read_sample

MIXED = Signature(
    columns=(
        Column("amount $", "double"),
        Column("narrow", "float"),
        Column("count", "integer"),
        Column("id", "long"),
        Column("flag", "boolean"),
        Column("city/town", "string", required=False),
        Column("when", "datetime"),
    )
)


def groups_of(signature, *, estimator=None, example=None, **options: object):
    """Groups by name."""
    made = samples(
        signature,
        estimator=estimator,
        example=example,
        options=ParityOptions(**{"samples": 100, "boundary_rows": 600, **options}),
    )
    return {group.name: group for group in made}


def test_every_group_has_the_signatures_own_dtypes():
    """
    Whatever is drawn, columns have the order and the dtypes that MLflow enforces.
    """
    expected = ["float64", "float32", "int32", "int64", "bool", "object"]

    for name, group in groups_of(MIXED).items():
        if name.startswith(("other", "without", "column")):
            continue
        assert [c.name for c in MIXED.columns] == list(group.batch.columns)
        assert expected == [str(kind) for kind in group.batch.dtypes][:6]
        assert str(group.batch["when"].dtype) == "datetime64[ns]"


def test_a_mixed_signature_gets_every_kind_of_group():
    """
    Each family of trouble has a group, named after it.
    """
    assert {
        "drawn", "rounded", "infinite", "large", "edges", "constant", "integer limits",
        "unseen", "missing", "one row", "one gap", "no rows", "other order",
        "column twice", "without city/town",
    } == set(groups_of(MIXED))  # fmt: skip


def test_the_seed_decides_everything():
    """
    The same seed draws the same rows; another one draws others.
    """
    one, same, other = (groups_of(MIXED, seed=seed) for seed in (3, 3, 4))

    for name, group in one.items():
        pd.testing.assert_frame_equal(group.batch, same[name].batch)
    assert not one["drawn"].batch.equals(other["drawn"].batch)


def test_every_size_is_asked_of_every_column_alone():
    """
    Up to the largest number there is, of either sign, beside plain values.
    """
    batch = groups_of(MIXED)["edges"].batch

    for name, kind in (("amount $", np.float64), ("narrow", np.float32)):
        most = np.finfo(kind).max
        assert {most, -most} <= set(batch[name])
        beside = batch[batch[name] == most].drop(columns=name).iloc[0]
        assert all(abs(beside[other]) < 1e6 for other in ("count", "id"))
    assert {np.iinfo(np.int64).max, np.iinfo(np.int64).min} <= set(batch["id"])
    alone = batch["amount $"].abs().to_numpy()[: len(batch) // 2]
    assert (np.diff(alone[alone > 1e9]) >= 0).all()


def test_wide_tables_are_asked_some_sizes_of_each_column():
    """
    The cost stays the same however many columns there are.
    """
    wide = Signature(columns=tuple(Column(f"c{i}", "double") for i in range(200)))

    batch = groups_of(wide)["edges"].batch

    assert len(batch) < 700
    assert (batch.abs().max() > 1e9).mean() > 0.9


def test_gaps_are_of_every_kind():
    """
    NaN in each float column; None and NaN, which models tell apart, in texts.
    """
    batch = groups_of(MIXED)["missing"].batch

    assert batch["amount $"].isna().any()
    assert batch["narrow"].isna().any()
    assert any(value is None for value in batch["city/town"])
    assert any(isinstance(value, float) for value in batch["city/town"])
    assert (batch[["amount $", "narrow", "city/town"]].isna().sum(axis=1) == 1).any()


def test_a_gap_alone_is_asked_alone():
    """
    A row whose text is missing is a request of its own: nothing else is in its column.
    """
    group = groups_of(MIXED)["one gap"]

    assert 1 == group.chunk
    assert {None} == set(group.batch["city/town"])


def test_tables_come_in_other_forms():
    """
    Columns turned round, a stranger among them, and optional ones left out.
    """
    found = groups_of(MIXED)
    names = [column.name for column in MIXED.columns]

    assert [*reversed(names), *["nobody asked for this"] * 2] == list(
        found["other order"].batch.columns
    )
    assert [*names, names[0]] == list(found["column twice"].batch.columns)
    assert [n for n in names if n != "city/town"] == list(
        found["without city/town"].batch.columns
    )


def test_several_optional_columns_are_left_out_alone_and_together():
    """
    A model may lean on any of them.
    """
    three = Signature(
        columns=(
            Column("a", "double"),
            Column("b", "double", required=False),
            Column("c", "string", required=False),
        )
    )
    forms = [name for name in groups_of(three) if name.startswith("without")]

    assert ["without b", "without c", "without optional"] == forms


def test_infinities_come_one_a_row():
    """
    Each float column meets both infinities alone.
    """
    batch = groups_of(MIXED)["infinite"].batch
    marks = np.isinf(batch[["amount $", "narrow"]])

    assert [1] * len(batch) == marks.sum(axis=1).tolist()
    assert {np.inf, -np.inf} <= set(batch["amount $"])


def test_integer_limits_are_exact():
    """
    The ends of int32 and int64 arrive undamaged by float arithmetic.
    """
    batch = groups_of(MIXED)["integer limits"].batch

    assert {-(2**31), 2**31 - 1} <= set(batch["count"])
    assert {-(2**63), 2**63 - 1} <= set(batch["id"])


def test_fitting_to_integers_saturates():
    """
    Numbers beyond a type become its ends, never something wrapped around.
    """
    values = np.array([1e300, -1e300, 2.5, np.nan])

    assert fit(values, "long").tolist() == [2**63 - 1, -(2**63), 2, 0]
    assert fit(values, "integer").tolist() == [2**31 - 1, -(2**31), 2, 0]


def test_every_threshold_is_shown_with_its_neighbours(numbers):
    """
    Grouped rows hold each threshold exactly, one ulp below, and one ulp above.
    """
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(5, random_state=0)
    model.fit(numbers.to_numpy(), numbers["a"] > numbers["b"])
    signature = Signature(columns=tuple(Column(name, "double") for name in "abcd"))
    rows = groups_of(signature, estimator=model, boundary_rows=20_000)
    batch = rows["thresholds"].batch

    for column in range(4):
        at = np.unique(
            np.concatenate([
                tree.tree_.threshold[tree.tree_.feature == column]
                for tree in model.estimators_
            ])
        )  # fmt: skip
        shown = set(batch["abcd"[column]])
        assert set(at) <= shown
        assert set(np.nextafter(at, np.inf)) <= shown
        assert set(np.nextafter(at, -np.inf)) <= shown


def test_boundary_rows_keep_to_their_budget(numbers):
    """
    Cost is bounded, and what was left out is said.
    """
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(50, random_state=0)
    model.fit(numbers.to_numpy(), numbers["a"] * numbers["b"] > 0)
    signature = Signature(columns=tuple(Column(name, "double") for name in "abcd"))
    rows = groups_of(signature, estimator=model, boundary_rows=300)

    assert rows_of(rows["thresholds"].batch) <= 300
    assert rows_of(rows["split paths"].batch) <= 300
    assert " of " in rows["thresholds"].note


def test_texts_hold_known_categories_and_strangers():
    """
    Drawn texts are the encoder's categories; the hostile ones are not.
    """
    from sklearn.preprocessing import OneHotEncoder

    data = pd.DataFrame({"city": ["Wien", "Graz", "Linz"]})
    encoder = OneHotEncoder(handle_unknown="ignore").fit(data)
    rows = groups_of(Signature(columns=(Column("city", "string"),)), estimator=encoder)

    assert {"Wien", "Graz", "Linz"} == set(rows["drawn"].batch["city"])
    assert {"", "é", "nan", " Wien", "WIEN"} <= set(rows["unseen"].batch["city"])


def test_an_unnamed_tensor_is_drawn_like_columns():
    """
    A matrix signature meets the same groups, in its own dtype.
    """
    signature = Signature(tensors=(Tensor("", "float32", (None, 3)),))
    rows = groups_of(signature)

    assert {"drawn", "rounded", "missing", "large"} <= set(rows)
    assert (np.dtype("float32"), (100, 3)) == (
        rows["drawn"].batch[""].dtype,
        rows["drawn"].batch[""].shape,
    )


def test_named_tensors_of_any_rank_are_drawn():
    """
    Every tensor gets its own dtype and shape; free dimensions follow the example.
    """
    signature = Signature(
        tensors=(
            Tensor("image", "uint8", (None, 4, None)),
            Tensor("id", "int64", (None,)),
        )
    )
    example = {"image": np.zeros((1, 4, 7), np.uint8), "id": np.zeros(1, np.int64)}
    batch = groups_of(signature, example=example)["drawn"].batch

    assert batch["image"].shape == (100, 4, 7)
    assert (str(batch["image"].dtype), str(batch["id"].dtype)) == ("uint8", "int64")


def test_wide_tensors_are_drawn_whole():
    """
    Images do not become a hundred thousand columns.
    """
    signature = Signature(tensors=(Tensor("x", "float32", (None, 3, 64, 64)),))
    rows = groups_of(signature)

    assert {"drawn", "zeros", "bytes", "rounded", "large", "one row"} == set(rows)
    assert rows["drawn"].batch["x"].shape[1:] == (3, 64, 64)


def test_nested_columns_need_an_example():
    """
    What cannot be made up comes from the example, or is asked for.
    """
    nested = Column("tags", '{"type": "array", "items": {"type": "string"}}')
    signature = Signature(columns=(nested, Column("n", "double")))
    example = pd.DataFrame({"tags": [["a"], ["b", "c"]], "n": [1.0, 2.0]})

    with pytest.raises(NoSamplesError, match="tags"):
        groups_of(signature)

    drawn = groups_of(signature, example=example)["drawn"].batch
    assert {("a",), ("b", "c")} == {tuple(tags) for tags in drawn["tags"]}


TABLE = pd.DataFrame({"n": [1.5, 2.0], "k": [3, 4], "t": ["02139", None]})
TABLE_SIGNATURE = Signature(
    columns=(Column("n", "double"), Column("k", "long"), Column("t", "string"))
)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.csv", lambda path: TABLE.to_csv(path, index=False)),
        ("rows.parquet", TABLE.to_parquet),
        ("rows.json", lambda path: path.write_text(TABLE.to_json(orient="records"))),
        (
            "rows.json",
            lambda path: path.write_text(
                json.dumps(
                    {"dataframe_split": json.loads(TABLE.to_json(orient="split"))}
                )
            ),
        ),
        (
            "logged.json",
            lambda path: path.write_text(
                TABLE.to_json(orient="split", index=False).replace('"index":[],', "")
            ),
        ),
        (
            "rows.jsonl",
            lambda path: path.write_text(TABLE.to_json(orient="records", lines=True)),
        ),
    ],
)
def test_the_users_rows_are_read(tmp_path, name, write):
    """
    csv, parquet, json and payloads alike: texts stay texts, numbers get their dtype.
    """
    path = tmp_path / name
    write(path)

    batch = read_sample(path, TABLE_SIGNATURE)

    assert [str(kind) for kind in batch.dtypes] == ["float64", "int64", "object"]
    assert batch["t"].iloc[0] == "02139"
    assert pd.isna(batch["t"].iloc[1])


def test_a_table_that_was_logged_is_read_by_its_uri(tmp_path, monkeypatch):
    """
    `mlflow.log_table` keeps rows beside a run; what is not there is said.
    """
    import mlflow

    from mlflow_serverless.verify.errors import BadSampleFileError
    from tests.fakes.mlflow_state import pointing_at

    monkeypatch.chdir(tmp_path)
    with pointing_at(f"sqlite:///{tmp_path}/m.db"):
        with mlflow.start_run() as run:
            mlflow.log_table(TABLE, "eval.json")
        found = read_sample(Path(f"runs:/{run.info.run_id}/eval.json"), TABLE_SIGNATURE)

        assert [1.5, 2.0] == found["n"].tolist()
        with pytest.raises(BadSampleFileError, match="MLflow does not find it"):
            read_sample(Path(f"runs:/{run.info.run_id}/no.json"), TABLE_SIGNATURE)


def test_arrays_are_read(tmp_path):
    """
    A .npy file is a sample for a tensor signature.
    """
    path = tmp_path / "rows.npy"
    np.save(path, np.ones((4, 3)))
    signature = Signature(tensors=(Tensor("", "float32", (None, 3)),))

    batch = read_sample(path, signature)

    assert (np.dtype("float32"), (4, 3)) == (batch[""].dtype, batch[""].shape)


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        (Column("x", "long"), [1.5], "fractions"),
        (Column("x", "integer"), [2**40], "beyond"),
        (Column("x", "boolean"), [2], "true and false"),
        (Column("x", "double"), ["pear"], "no double"),
    ],
)
def test_values_without_a_place_are_misfits(column, values, says):
    """
    Nothing is silently rounded, wrapped or guessed.
    """
    with pytest.raises(MisfitError, match=says):
        conform(pd.DataFrame({"x": values}), Signature(columns=(column,)))


def test_unnamed_columns_are_known_by_position():
    """
    A signature without names takes a table of that width.
    """
    signature = Signature(columns=(Column(None, "double"), Column(None, "long")))

    assert list(conform([[1.0, 2]], signature).columns) == [0, 1]
    with pytest.raises(MisfitError, match="3 columns, not 2"):
        conform([[1.0, 2, 3]], signature)
