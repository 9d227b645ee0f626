import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.convert.draft import save
from mlflow_serverless.convert.inputs import inputs_for
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.optimise import estimate
from tests.fakes.binding import answer
from tests.fakes.lowering import signature_of

COLUMNS = 3
CODES = np.array([0, 1, 2, 5, 30, 31, 32, 33, 63, 64, 65, 200], float)
"""Category codes: below, at and above the sizes of bit masks."""


def grown(rng, depth, mode, kind, *, missing, sets):
    """A random tree as a `Forest`, with thresholds on a coarse grid."""
    nodes = []

    def grow(level):
        place = len(nodes)
        nodes.append(None)
        if level == 0 or rng.random() < 0.25:
            nodes[place] = (0, 0.0, -1, -1, rng.normal(), False, None)
            return place
        members = None
        if sets and rng.random() < 0.4:
            members = rng.choice(CODES, rng.integers(1, len(CODES)), replace=False)
        left, right = grow(level - 1), grow(level - 1)
        limit = np.round(rng.normal() * 2) / 2
        if missing and rng.random() < 0.1:
            limit = np.inf  # "is it there at all?"
        nodes[place] = (
            rng.integers(COLUMNS - 1) if members is None else COLUMNS - 1, limit, left,
            right, 0.0, bool(missing and rng.random() < 0.5), members,
        )  # fmt: skip
        return place

    grow(depth)
    feature, limit, left, right, value, lost, members = zip(*nodes, strict=True)
    return Forest(
        feature=np.array(feature, np.int64), threshold=np.array(limit, kind),
        left=np.array(left, np.int64), right=np.array(right, np.int64),
        value=np.array(value, kind), roots=np.zeros(1, np.int64), mode=mode,
        missing_left=np.array(lost) if missing else None,
        members={i: m for i, m in enumerate(members) if m is not None and len(m)},
    )  # fmt: skip


def kind_max(kind):
    """The largest number of *kind*, as a direction."""
    return np.finfo(kind).max


def walked(forest, row):
    """The leaf of each tree for *row*, one step after the other."""
    ends = []
    for root in forest.roots:
        at = root
        while forest.left[at] >= 0:
            value, limit = row[forest.feature[at]], forest.threshold[at]
            if np.isnan(value):
                lost = forest.missing_left
                goes = False if lost is None else bool(lost[at])
            elif at in forest.members:
                goes = value in forest.members[at]
            else:
                goes = value < limit if forest.mode == trees.LT else value <= limit
            at = forest.left[at] if goes else forest.right[at]
        ends.append(at)
    return np.array(ends)


def ran(compute, data, folder, *, unrolls):
    draft = draft_of(Builder(unrolls=unrolls), signature_of(data), compute)
    return answer(save(draft, folder / "trees.onnx"), data)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    mode=st.sampled_from([trees.LEQ, trees.LT]),
    kind=st.sampled_from(["float32", "float64"]),
    missing=st.booleans(),
    sets=st.booleans(),
    unrolls=st.booleans(),
)
def test_a_forest_decides_as_its_nodes_say(
    tmp_path_factory, *, seed, mode, kind, missing, sets, unrolls
):
    """
    Ties, neighbours of thresholds, NaN, infinity and sets: both lowerings walk alike.
    """
    rng = np.random.default_rng(seed)
    forest = trees.joined([
        grown(rng, 4, mode, kind, missing=missing, sets=sets) for _ in range(4)
    ])  # fmt: skip
    grid = np.round(rng.normal(size=(60, COLUMNS)) * 2).astype(kind) / 2
    data = rng.choice([0, 1, -1], (60, COLUMNS)).astype(kind)
    data = np.where(data == 0, grid, np.nextafter(grid, data * kind_max(kind))).astype(
        kind
    )
    data[:, -1] = rng.choice([*CODES, -1, 3, 255], 60)
    data[rng.random(data.shape) < 0.1] = np.nan
    data[0], data[1] = np.inf, -np.inf
    folder = tmp_path_factory.mktemp("forest")

    got = ran(lambda f: trees.sums(forest, f.matrix()), data, folder, unrolls=unrolls)

    expected = [forest.value[walked(forest, row)].sum() for row in data]
    exact = 1e-6 if kind == "float32" else 1e-14
    np.testing.assert_allclose(got[:, 0], expected, rtol=exact, atol=exact)


@pytest.mark.parametrize("unrolls", [False, True])
def test_leaves_with_vectors_are_looked_up(tmp_path, unrolls):
    """
    Each tree answers with the vector of the leaf a row falls into.
    """
    rng = np.random.default_rng(3)
    parts = [
        grown(rng, 3, trees.LEQ, "float64", missing=False, sets=False) for _ in range(3)
    ]
    forest = trees.joined(parts)
    forest = trees.replace(forest, value=rng.normal(size=(forest.nodes, 2)))
    data = rng.normal(size=(20, COLUMNS))

    got = ran(
        lambda f: trees.vectors(forest, f.matrix()).sum(axis=1), data, tmp_path,
        unrolls=unrolls,
    )  # fmt: skip

    expected = [forest.value[walked(forest, row)].sum(axis=0) for row in data]
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_float64_thresholds_part_float32_values_exactly(tmp_path):
    """
    Rounding a threshold down to float32 sends every float32 the way it went.
    """
    rng = np.random.default_rng(0)
    limits = rng.normal(size=50)
    near = limits.astype(np.float32)
    data = np.concatenate([near, np.nextafter(near, -9), np.nextafter(near, 9)])
    data = data.astype(np.float32)[:, None].repeat(2, axis=1)
    stump = [
        Forest(
            feature=np.zeros(3, np.int64), threshold=np.array([limit, 0, 0]),
            left=np.array([1, -1, -1]), right=np.array([2, -1, -1]),
            value=np.array([0, 2.0**i, 0]), roots=np.zeros(1, np.int64),
        )
        for i, limit in enumerate(limits)
    ]  # fmt: skip
    forest = trees.joined(stump)

    got = ran(lambda f: trees.sums(forest, f.matrix()), data, tmp_path, unrolls=True)

    expected = [(2.0 ** np.arange(50))[row[0] <= limits].sum() for row in data]
    assert expected == got[:, 0].tolist()


def test_a_large_forest_costs_time_in_proportion_to_its_nodes():
    """
    Ten times the nodes: no step is quadratic (a generous bound, one try).
    """
    import time

    rng = np.random.default_rng(0)
    tree = grown(rng, 9, trees.LEQ, "float64", missing=False, sets=False)

    def seconds(copies):
        data = np.zeros((1, COLUMNS))
        graph = Builder()
        frame, _ = inputs_for(graph, signature_of(data))
        started = time.process_time()
        total = trees.sums(trees.joined([tree] * copies), frame.matrix())
        graph.model([("output", total)])
        return time.process_time() - started

    seconds(10)
    assert seconds(400) < 40 * max(seconds(40), 0.01)


def test_deep_trees_take_no_more_operators_than_shallow_ones():
    """
    Opening a session costs by the operator, so levels are rounds of a loop; what a
    run is expected to cost counts every round.
    """
    rng = np.random.default_rng(0)

    def descended(depth):
        data = np.zeros((1, COLUMNS))
        graph = Builder(unrolls=True)
        frame, _ = inputs_for(graph, signature_of(data))
        tree = grown(rng, depth, trees.LEQ, "float64", missing=False, sets=False)
        total = trees.sums(tree, frame.matrix())
        return graph.model([("output", total)])

    shallow, deep = descended(3), descended(10)

    assert len(shallow.graph.node) == len(deep.graph.node) <= 20
    assert estimate.run_us(shallow) + 40 < estimate.run_us(deep)
