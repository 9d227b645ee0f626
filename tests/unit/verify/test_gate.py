"""A good conversion passes; every wrong one is refused, with the row that shows it."""

from dataclasses import replace

import numpy as np
import pytest

from lambda_runtime.manifest import Answer, Feed, Field
from mlflow_serverless.verify import ParityOptions, ParityReport, examine, verify
from mlflow_serverless.verify.errors import ParityError
from tests.unit.verify.graphs import (
    PROBABILITIES,
    SCORES,
    candidate,
    converted,
    histogram_graph,
    labels,
    last_of_equals,
    one_ulp_up,
    spoilt,
)
from tests.unit.verify.saved import save_sklearn

QUICK = ParityOptions(samples=200, boundary_rows=2_000)


def leafy(data, names=(0, 1), **settings: object):
    """A small tree that has seen no missing values."""
    from sklearn.tree import DecisionTreeClassifier

    target = np.where(data.iloc[:, 0] + data.iloc[:, 1] ** 2 > 0.5, *names[::-1])
    return DecisionTreeClassifier(max_depth=6, random_state=0, **settings).fit(
        data, target
    )


def strict_about_gaps(model, data):
    """The same model behind a step that refuses NaN: skl2onnx loses where it goes."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    keep = FunctionTransformer(validate=True).fit(data)
    return Pipeline([("keep", keep), ("model", model)])


@pytest.fixture
def tree(numbers, tmp_path):
    """A tree saved by MLflow, its graph, and a folder."""
    model = leafy(numbers)
    saved = strict_about_gaps(model, numbers)
    servable = save_sklearn(
        saved, numbers, tmp_path / "model", predict_fn="predict_proba"
    )
    return servable, converted(model, 4), tmp_path


def test_an_exact_graph_passes(tree):
    """
    A correct conversion is accepted, every group compared, nothing differing.
    """
    servable, proto, folder = tree

    report = verify(
        servable,
        [candidate(proto, folder, "abcd", answer=PROBABILITIES)],
        options=QUICK,
    )

    assert report.passed
    assert report.candidates[0].flips == 0
    assert report.rows > 500
    assert len(report.summary) <= 200


def test_it_tells_whom_it_asks_and_how_far_it_is(tree):
    """
    Parts climb while the model is asked, and the candidate is named after that.
    """
    servable, proto, folder = tree
    asked_of = candidate(proto, folder, "abcd", answer=PROBABILITIES)
    told = []

    verify(
        servable, [asked_of], options=QUICK,
        tell=lambda event, **fields: told.append((event, fields)),
    )  # fmt: skip

    assert {"verify.progress"} == {event for event, _ in told}
    *asked, last = [fields for _, fields in told]
    parts = [fields["part"] for fields in asked]
    assert sorted(parts) == parts
    assert parts[0] == 0 < parts[-1] < 1
    assert asked_of.name in last["what"]


def test_a_threshold_one_ulp_off_is_caught(tree):
    """
    One split, moved by the smallest step there is, is found and shown.
    """
    servable, proto, folder = tree
    wrong = spoilt(proto, "nodes_values", lambda values: one_ulp_up(values, 0))

    with pytest.raises(ParityError) as caught:
        verify(
            servable,
            [candidate(wrong, folder, "abcd", answer=PROBABILITIES)],
            options=QUICK,
        )

    assert {"thresholds", "split paths"} & {
        group.name for group in caught.value.report.candidates[0].groups if group.beyond
    }
    assert "the model says" in caught.value.message


def test_every_single_threshold_is_guarded(tree):
    """
    Whichever split is moved by one ulp, the gate sees it.
    """
    servable, proto, folder = tree
    modes = next(a for a in proto.graph.node[0].attribute if a.name == "nodes_modes")
    splits = [i for i, mode in enumerate(modes.strings) if mode != b"LEAF"]
    wrong = [
        candidate(
            spoilt(proto, "nodes_values", lambda v, at=at: one_ulp_up(v, at)),
            folder, "abcd", answer=PROBABILITIES, name=f"split{at}",
        )
        for at in splits
    ]  # fmt: skip

    report = examine(servable, wrong, options=QUICK)

    assert [item.name for item in report.candidates if item.passed] == []


def test_a_strict_comparison_is_caught(tree):
    """
    `<` where the model says `<=` differs only exactly at thresholds, and is found.
    """
    servable, proto, folder = tree
    wrong = spoilt(
        proto,
        "nodes_modes",
        lambda modes: [b"BRANCH_LT" if m == b"BRANCH_LEQ" else m for m in modes],
    )

    report = examine(
        servable,
        [candidate(wrong, folder, "abcd", answer=PROBABILITIES)],
        options=QUICK,
    )

    assert not report.passed


def test_swapped_labels_are_caught(numbers, tmp_path):
    """
    Right scores under the wrong names are wrong.
    """
    model = leafy(numbers, ("no", "yes"))
    servable = save_sklearn(
        strict_about_gaps(model, numbers), numbers, tmp_path / "model"
    )
    proto = converted(leafy(numbers), 4)
    right = candidate(proto, tmp_path, "abcd", answer=labels("no", "yes"), name="right")
    wrong = candidate(proto, tmp_path, "abcd", answer=labels("yes", "no"), name="wrong")

    report = examine(servable, [right, wrong], options=QUICK)

    assert [item.passed for item in report.candidates] == [True, False]
    assert report.candidates[1].flips == report.candidates[1].rows


def test_a_dropped_decision_threshold_is_caught(numbers, tmp_path):
    """
    Labels by 0.5 are not the labels of a model tuned to another threshold.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import FixedThresholdClassifier

    target = (numbers["a"] > 0).astype(int)
    inner = LogisticRegression(C=0.1).fit(numbers, target)
    model = FixedThresholdClassifier(inner, threshold=0.7).fit(numbers, target)
    servable = save_sklearn(model, numbers, tmp_path / "model")
    proto = converted(model.estimator_, 4)

    report = examine(
        servable, [candidate(proto, tmp_path, "abcd", answer=labels())], options=QUICK
    )

    assert not report.passed
    assert report.candidates[0].flips > 10


def test_a_wrong_imputer_is_caught(numbers, tmp_path):
    """
    A fill value that is a little off shows where values are missing.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    data = numbers.astype(np.float32)
    target = data["a"] * 3 + data["b"]
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(data, target)
    servable = save_sklearn(model, data, tmp_path / "model")
    proto = converted(model, 4)
    wrong = spoilt(
        proto, "imputed_value_floats", lambda values: [v + 0.01 for v in values]
    )

    report = examine(
        servable,
        [
            candidate(proto, tmp_path, "abcd", answer=SCORES, name="right"),
            candidate(wrong, tmp_path, "abcd", answer=SCORES, name="wrong"),
        ],
        options=QUICK,
    )

    assert [item.passed for item in report.candidates] == [True, False]
    assert [g.name for g in report.candidates[1].groups if g.beyond] == ["missing"]


def test_float32_scaling_before_trees_is_caught(prices, tmp_path):
    """
    The field's commonest silent error: a scaler in float32, then a forest, on
    rounded data.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    target = (prices["x"] + prices["y"] > 100).astype(int)
    model = make_pipeline(
        StandardScaler(), RandomForestClassifier(20, random_state=0)
    ).fit(prices, target)
    servable = save_sklearn(
        model, prices, tmp_path / "model", predict_fn="predict_proba"
    )
    proto = converted(model, 3)

    report = examine(
        servable,
        [candidate(proto, tmp_path, "xyz", answer=PROBABILITIES)],
        options=QUICK,
    )

    failing = {group.name for group in report.candidates[0].groups if group.beyond}
    assert {"rounded", "thresholds", "split paths"} & failing


def test_float32_and_large_numbers_are_caught(numbers, tmp_path):
    """
    Trees that split epochs in float64 are not the same trees in float32.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    epochs = (1_700_000_000 + 50 * numbers).round(0)
    model = HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=8).fit(
        epochs, numbers["a"] - numbers["b"] ** 2
    )
    servable = save_sklearn(model, epochs, tmp_path / "model")
    proto = histogram_graph(model, 4)

    report = examine(
        servable, [candidate(proto, tmp_path, "abcd", answer=SCORES)], options=QUICK
    )

    assert not report.passed
    assert report.candidates[0].beyond > 100


def test_swapped_columns_are_caught(tree):
    """
    The right graph fed in the wrong order is wrong.
    """
    servable, proto, folder = tree
    wrong = candidate(
        proto, folder, answer=PROBABILITIES, feeds=(Feed("X", ("b", "a", "c", "d")),)
    )

    assert not examine(servable, [wrong], options=QUICK).passed


def test_one_bad_variant_refuses_all(tree):
    """
    Every artefact is judged by itself; one that is wrong is named.
    """
    servable, proto, folder = tree
    good = candidate(proto, folder, "abcd", answer=PROBABILITIES, name="mapped")
    wrong = candidate(
        spoilt(proto, "nodes_values", lambda v: one_ulp_up(v, 0)),
        folder, "abcd", answer=PROBABILITIES, name="gather",
    )  # fmt: skip

    with pytest.raises(ParityError, match="gather") as caught:
        verify(servable, [good, wrong], options=QUICK)

    assert [item.passed for item in caught.value.report.candidates] == [True, False]


def test_a_file_that_does_not_load_is_refused(tree):
    """
    A candidate that is no graph fails with the engine's own words.
    """
    servable, proto, folder = tree
    broken = candidate(proto, folder, "abcd", answer=PROBABILITIES)
    broken.file.write_bytes(b"\x00not a model")

    report = examine(servable, [broken], options=QUICK)

    assert "cannot load" in report.candidates[0].verdict


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (labels(), "shape"),
        (Answer("table", (Field("label", "label"),)), "table"),
        (Answer("array", (Field("label"), Field("label"))), "integer"),
        (Answer("array", (Field("nowhere"),)), "nowhere"),
    ],
)
def test_answers_of_another_kind_are_named(tree, answer, says):
    """
    A wrong form, shape, type or output name is said plainly.
    """
    servable, proto, folder = tree

    report = examine(
        servable, [candidate(proto, folder, "abcd", answer=answer)], options=QUICK
    )

    assert not report.passed
    assert says in report.candidates[0].verdict


def test_ties_are_excused_and_counted(numbers, tmp_path):
    """
    Where two trees vote one against one, either label may come out; the rows are shown.
    """
    from sklearn.ensemble import RandomForestClassifier

    target = (numbers["a"] > numbers["b"]).astype(int)
    model = RandomForestClassifier(2, random_state=0).fit(numbers, target)
    servable = save_sklearn(strict_about_gaps(model, numbers), numbers, tmp_path / "m")
    proto = last_of_equals(converted(model, 4))
    answer = Answer("array", (Field("last"),))

    report = verify(
        servable, [candidate(proto, tmp_path, "abcd", answer=answer)], options=QUICK
    )

    found = report.candidates[0]
    assert found.ties > 10
    assert found.flips == 0
    assert f"{found.ties} ties" in found.verdict
    assert found.ties == sum(item.ties for item in found.classes)


def test_accepted_flips_are_counted(numbers, tmp_path):
    """
    `max_label_flips` accepts so many wrong labels and no more, and says so.
    """
    model = leafy(numbers)
    servable = save_sklearn(strict_about_gaps(model, numbers), numbers, tmp_path / "m")
    proto = converted(leafy(numbers, min_samples_leaf=20), 4)
    wrong = candidate(proto, tmp_path, "abcd", answer=labels())
    flips = examine(servable, [wrong], options=QUICK).candidates[0].flips

    def accepting(most: int) -> ParityReport:
        options = replace(QUICK, max_label_flips=most, runtime_rows=0)
        return examine(servable, [wrong], options=options)

    assert flips > 0
    assert accepting(flips).passed
    assert f"{flips} wrong labels accepted" in accepting(flips).candidates[0].verdict
    assert not accepting(flips - 1).passed


def test_the_same_seed_gives_the_same_report(tree):
    """
    Rows, errors and evidence repeat exactly; another seed asks other rows.
    """
    servable, proto, folder = tree
    judged = [
        examine(
            servable,
            [candidate(proto, folder, "abcd", answer=PROBABILITIES)],
            options=replace(QUICK, seed=seed),
        ).candidates[0]
        for seed in (1, 1, 2)
    ]

    assert judged[0].groups == judged[1].groups
    assert judged[0].worst == judged[1].worst
    assert judged[0].worst != judged[2].worst
