"""From lines to cells."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.observe import Window, joined, observe
from tests.fakes.rollout_cloud import RolloutCloud

WINDOW = Window(since=1_000.0, until=1_300.0, cell_s=60.0)


def _observed(cloud: RolloutCloud, window: Window = WINDOW):
    return observe(cloud.told, baseline="1", candidate="2", window=window)


def test_versions_are_told_apart_in_each_cell():
    """
    Lines go to their version's side of the cell that they were written in.
    """
    cloud = RolloutCloud()
    cloud.tell(1_001, "1", 5)
    cloud.tell(1_061, "2", 3, Status=503)
    cloud.tell(1_062, "3", 9)
    found = _observed(cloud)

    assert [(1_000.0, 5, 0), (1_060.0, 0, 3)] == [
        (cell.start, cell.baseline.requests, cell.candidate.requests)
        for cell in found.cells
    ]
    assert (3, {"503": 3}) == (found.ours.failures, dict(found.ours.statuses))
    assert all(cell.candidate.warm is None for cell in found.cells)


def test_cold_starts_are_kept_apart():
    """
    A cold answer's latency, with the start, is not among the warm ones.
    """
    cloud = RolloutCloud()
    cloud.tell(1_001, "2", 4)
    cloud.tell(1_002, "2", Cold=True, InitMs=500.0)
    (cell,) = _observed(cloud).cells
    ours = cell.candidate

    assert (4, 1) == (ours.warm.total, ours.cold.total)
    assert 400_000 < ours.cold.quantile(0.5)


def test_what_differs_is_told_by_class():
    """
    Rows and differences of each served label add up; of scores the farthest counts.
    """
    cloud = RolloutCloud()
    first = {"pass": [3, 0], "block": [1, 1]}
    cloud.tell(1_001, "2", 2, Shadow=1, ByClass=first, Distance=0.25)
    cloud.tell(1_070, "2", Shadow=1, ByClass={"pass": [1, 1]}, Distance=0.5)
    cloud.tell(1_071, "2", Shadow=1, ByClass={"pass": [1], "odd": "x"}, Distance="far")
    ours = _observed(cloud).ours

    assert {"pass": (7, 1), "block": (2, 2)} == ours.classes
    assert 0.5 == ours.distance
    assert _observed(cloud).theirs.classes is None


def test_shadows_are_not_requests():
    """
    What runs beside an answer is counted apart, and compared.
    """
    cloud = RolloutCloud()
    cloud.tell(1_001, "2", 4, Shadow=1, Compared=2, Disagreed=1)
    ours = _observed(cloud).ours

    assert (0, 4, 4, 8, 4) == (
        ours.requests, ours.shadowed, ours.answers, ours.compared, ours.disagreed
    )  # fmt: skip


def test_lines_of_other_times_are_passed_over():
    """
    The window's end is exclusive, its start inclusive.
    """
    cloud = RolloutCloud()
    for at in (999.9, 1_000.0, 1_299.9, 1_300.0):
        cloud.tell(at, "1")

    assert 2 == _observed(cloud).theirs.requests


def test_lines_that_tell_of_no_request_count_none():
    """
    The cloud's own lines add throttles and memory, not requests.
    """
    cloud = RolloutCloud()
    cloud.tell(1_001, "2", Status=None, Throttles=7, MemoryUsedMB=90, MemoryMB=100)
    ours = _observed(cloud).ours

    assert (0, 7, 0.9) == (ours.answers, ours.throttles, ours.memory_used)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(1_000, 1_299), st.sampled_from("12")), max_size=40),
    st.integers(0, 4),
)
def test_looking_in_two_parts_is_looking_once(lines: list[tuple[float, str]], cut: int):
    """
    Cells kept from an earlier look and those of the next are the cells of one look.
    """
    cloud = RolloutCloud()
    for at, version in lines:
        cloud.tell(at, version)
    middle = 1_000.0 + 60 * cut
    parts = [
        _observed(cloud, Window(since=a, until=b, cell_s=60.0))
        for a, b in pairwise((1_000.0, middle, 1_300.0))
        if a < b
    ]

    assert _observed(cloud).cells == joined(
        (), [cell for part in parts for cell in part.cells]
    )
