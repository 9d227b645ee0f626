"""The report, shown three ways."""

import io
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from mlflow_serverless.verify.errors import ParityError
from mlflow_serverless.verify.report import (
    CandidateReport,
    ClassAgreement,
    GroupReport,
    GroupVerdict,
    ParityReport,
    RuntimeReport,
    WorstInput,
    page,
    tables,
    to_plain,
)
from mlflow_serverless.verify.report.plain import from_plain
from mlflow_serverless.verify.report.words import size, times

GOOD = CandidateReport(
    name="portable",
    file="model.onnx",
    format="onnx",
    bytes=123_456,
    passed=True,
    verdict="equal on 105 rows, 1 ties",
    load_ms=3.2,
    run_us=14.0,
    eps=1.2e-7,
    depth=20,
    tie_band=1e-6,
    groups=(
        GroupVerdict(name="drawn", rows=100, ties=1, max_abs=1e-7, max_excess=0.1,
                     histogram=(50, 0, 0, 20, 30, 0, 0)),
        GroupVerdict(name="example", rows=5, histogram=(5, 0, 0, 0, 0, 0, 0)),
    ),
    classes=(ClassAgreement(label="<b>yes", rows=60, equal=59, ties=1),),
    runtime=RuntimeReport(engine="ort-c", rows=20, refused=1, note="missing: null"),
)  # fmt: skip

WORST = WorstInput(
    group="thresholds",
    row=7,
    input="{a=<script>alert(1)</script>}",
    native="'yes'",
    candidate="'no'",
    excess=math.inf,
)

BAD = replace(
    GOOD,
    name="gather",
    passed=False,
    verdict="3 wrong labels and 2 rows with scores beyond the tolerance of 105 rows",
    groups=(
        GroupVerdict(name="drawn", rows=100, flips=3, beyond=2, max_abs=0.2,
                     max_excess=math.inf, histogram=(95, 0, 0, 0, 0, 0, 5)),
        GroupVerdict(name="example", rows=5, fault="the model answers shape (5,)"),
    ),
    worst=WORST,
)  # fmt: skip

REPORT = ParityReport(
    model="models:/fraud & co/7",
    digest="sha256:" + "a" * 64,
    flavor="sklearn",
    predict_fn="predict",
    seed=3,
    groups=(
        GroupReport(name="drawn", why="like training", rows=100),
        GroupReport(name="example", why="logged", rows=5),
        GroupReport(
            name="infinite", why="an infinity", rows=0, refused=24, unasked=9,
            reasons=("ValueError: Input X contains infinity",),
        ),
    ),
    candidates=(GOOD,),
    options=(("samples", "100"),),
    libraries=(("numpy", "2"),),
    seconds=1.25,
)  # fmt: skip

REFUSED = replace(REPORT, candidates=(GOOD, BAD))


def terminal(report: ParityReport) -> str:
    """What a terminal shows, without colours."""
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(tables(report))
    return console.export_text()


def test_json_is_strict_and_comes_back():
    """
    Infinities are texts in strict JSON, and the report survives the round trip.
    """
    text = json.dumps(to_plain(REFUSED), allow_nan=False)

    assert from_plain(json.loads(text)) == REFUSED
    assert json.loads(text)["passed"] is False


def test_the_summary_fits_a_tag():
    """
    One line with the verdict and the numbers, at most 200 characters.
    """
    assert len(REFUSED.summary) <= 200
    assert REFUSED.summary.startswith("NOT EQUAL: 105 rows in 2 groups, 2 artefacts")
    assert "seed 3" in REPORT.summary


def test_nothing_judged_is_not_passed():
    """
    A report without candidates proves nothing.
    """
    assert not replace(REPORT, candidates=()).passed


def test_the_terminal_names_groups_artefacts_and_refusals():
    """
    Every group, every artefact, and why the model refuses.
    """
    shown = terminal(REPORT)

    for word in ("proved", "portable", "drawn", "infinite", "24", "contains infinity"):
        assert word in shown


def test_the_terminal_shows_the_evidence():
    """
    A refusal shows the worst input with both answers.
    """
    shown = terminal(REFUSED)

    for word in ("refused", "3 wrong", "2 off", "fails", "row 7", "'yes'", "'no'"):
        assert word in shown


def test_the_error_carries_report_and_evidence():
    """
    The refusal says which artefact, which row, and what to type.
    """
    refusal = ParityError(REFUSED)

    assert refusal.report is REFUSED
    assert "gather: 3 wrong labels" in str(refusal)
    assert "row 7: the model says 'yes', the graph 'no'" in str(refusal)
    assert "parity.max_label_flips" in str(refusal)
    assert "portable:" not in str(refusal)


class Tags(HTMLParser):
    """Opens and closes every tag it meets."""

    VOID = frozenset({"meta", "br", "line", "rect", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs) -> None:
        """Remember what is open."""
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        """Close what was opened last."""
        if tag not in self.VOID:
            assert tag == self.open.pop()


@pytest.mark.parametrize("report", [REPORT, REFUSED, replace(REPORT, candidates=())])
def test_the_page_is_whole_and_alone(report):
    """
    Well-formed, with drawings, without scripts or anything fetched from elsewhere.
    """
    html = page(report)
    tags = Tags()
    tags.feed(html)

    assert tags.open == []
    assert "script" not in tags.seen
    assert not re.search(r"https?://|url\(|@import|src=|<link", html)


def test_the_page_escapes_what_models_say():
    """
    Labels, inputs and names are text, never markup.
    """
    html = page(REFUSED)

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;yes" in html
    assert "models:/fraud &amp; co/7" in html


def test_the_page_draws_every_group():
    """
    Each compared group has its row in the drawings, wrong ones in their colour.
    """
    html = page(REFUSED)

    assert html.count("<svg") >= 6
    assert "errors by group" in html
    assert "var(--bad)" in html


@pytest.mark.parametrize(
    ("excess", "words"),
    [
        (0.0, "exact"),
        (1e-9, "<1%"),
        (0.254, "25%"),
        (1.0, "100%"),
        (12.34, "12.3\u00d7"),
        (225_000.0, "225k\u00d7"),
        (1e12, ">1G\u00d7"),
        (math.inf, "wrong"),
    ],
)
def test_errors_are_told_in_units_of_the_tolerance(excess, words):
    """
    Short enough for a tile, and never rounded to nothing.
    """
    assert words == times(excess)


@pytest.mark.parametrize(
    ("value", "words"),
    [(999, "999 B"), (1_500, "1.5 kB"), (2_000_000, "2.0 MB"), (3e12, "3000.0 GB")],
)
def test_sizes_have_fitting_units(value, words):
    """
    Bytes as people read them.
    """
    assert words == size(int(value))
