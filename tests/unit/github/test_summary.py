"""A page for people: what happened, why, and nothing that a model's name can add."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.github.outputs import outputs_of, write_outputs
from mlflow_serverless.github.summary import clipped, summary


def outcome(**more):
    return {
        "intent": "Update", "state": "done", "environment": "production",
        "target": "lambda:/local", "deployment": "fraud", "model": "models:/fraud/2",
        "why": "@champion is models:/fraud/2", "approved_by": "", "strategy": "",
        "steps": [], "version": "2", "alias": "live", "bundle": "sha256:ab",
        "parity": "", "cost": "", "seconds": 0.0, "error": None,
    } | more  # fmt: skip


def test_the_page_says_what_was_done_and_why():
    """
    Headline, table, and what is behind each line; a failure is open.
    """
    error = {"code": "smoke-failed", "message": "answers differ", "hint": "see logs"}
    page = summary(
        [
            outcome(parity="equal on 2,000 rows", steps=["publish", "point"]),
            outcome(deployment="churn", state="failed", error=error),
            outcome(deployment="risk", state="waiting", intent="Wait"),
        ],
        title="Registry to deployments",
        cause={"actor": "ann", "run": "https://github.com/a/b/actions/runs/1"},
        links={
            "Parity report": "https://example.org/parity.html",
            "bad": "javascript:x",
        },
    )

    assert "**1** done, **1** waiting, **1** failed." in page
    assert "| ✅ | fraud<br><sub>production</sub> | update |" in page
    assert "- Answers: equal on 2,000 rows" in page
    assert "1. publish\n2. point" in page
    assert "<details open><summary>churn in production" in page
    assert "What to do: see logs" in page
    assert "[Parity report](https://example.org/parity.html)" in page
    assert "javascript" not in page
    assert "by <code>ann</code>" in page


def test_a_rollout_that_has_begun_is_not_done():
    """
    The page says what serves meanwhile, and how it goes on; one that is over is done.
    """
    page = summary([outcome(rollout="waiting")], title="Registry to deployments")
    over = summary([outcome(rollout="done")], title="Registry to deployments")

    assert "**1** begun." in page
    assert "| 🔀 |" in page
    assert "| update: a rollout has begun |" in page
    assert "mlflow\\-serverless advance fraud" in page
    assert "**1** done." in over


def test_every_mistake_is_a_line_of_its_own():
    """
    And what failed before it knew any deployment is a row all the same, but no verdict.
    """
    error = {"code": "bad-policy", "message": "2 mistakes in x:\n  one\n  two",
             "hint": ""}  # fmt: skip
    all_of_it = outcome(deployment="", state="failed", intent="reconcile", error=error)
    page = summary([all_of_it], title="x")

    assert "| ❌ | everything<br>" in page
    assert "\n- one\n- two\n" in page
    assert {} == json.loads(outputs_of([all_of_it])["verdicts"])


def test_a_plan_says_that_nothing_was_changed():
    """
    With the digest that `--expect` takes.
    """
    page = summary([outcome(state="pending")], title="Plan", dry_run="abc123")

    assert "Nothing was changed: this is a plan, <code>abc123</code>" in page


def test_a_page_that_is_too_long_is_cut_at_a_line():
    """
    GitHub refuses a comment of more than 65,536 characters.
    """
    page = summary([outcome(why="ä" * 90, parity="x")] * 500, title="x")
    cut = clipped(page, 65_536)

    assert 60_000 < len(cut.encode()) <= 65_536
    assert "more than fits here" in cut
    assert set(cut.splitlines()[:-5]) <= set(page.splitlines())
    assert page == clipped(page, 10**6)


def test_nobody_is_called_by_an_alias_s_name():
    """
    `@champion` in a comment would notify whoever has that login.
    """
    page = summary([outcome(why="@champion is models:/fraud/2")], title="x")

    assert "@champion" not in page
    assert "@&#8203;champion is models:/fraud/2" in page


HOSTILE = st.text(
    st.sampled_from(list("ab|`<>[]()*_#!\n\r&\"'{}$\\-")), min_size=1, max_size=30
)


@settings(deadline=None)
@given(text=HOSTILE)
def test_no_text_breaks_out_of_its_cell(text):
    """
    Names, reasons and errors are shown, never rendered: no row, tag, link, heading or
    fence comes of them.
    """
    page = summary(
        [outcome(deployment=text, why=text, model=text, parity=text, steps=[text])],
        title=text,
    )
    plain = summary([outcome(parity="x", steps=["x"])], title="x")
    escapes = re.compile(r"\\[\\|\]]")
    rows = [line for line in page.splitlines() if line.startswith("|")]

    assert 3 == len(rows)
    assert 6 == escapes.sub("", rows[2]).count("|")
    assert plain.count("<details") == page.count("<details")
    assert "<" not in re.sub(r"</?(br|sub|code|summary|details( open)?)>", "", page)
    assert "](" not in escapes.sub("", re.sub("<summary>.*", "", page))


def read_outputs(text):
    """As the runner reads the file: `key<<fence`, lines, fence."""
    found, lines = {}, text.split("\n")
    while lines and lines[0]:
        key, _, fence = lines.pop(0).partition("<<")
        value = []
        while lines[0] != fence:
            value.append(lines.pop(0))
        lines.pop(0)
        found[key] = "\n".join(value)
    return found


@settings(deadline=None)
@given(value=st.text(st.sampled_from(list("ab<=\n_")), max_size=40))
def test_no_value_begins_another_output(value, tmp_path_factory):
    """
    Line breaks, fences and equals signs stay inside.
    """
    file = tmp_path_factory.mktemp("outputs") / "out"
    write_outputs(file, {"one": value, "two": "x<<y"})

    assert {"one": value, "two": "x<<y"} == read_outputs(file.read_text())


def test_outputs_name_the_one_that_changed():
    """
    One changed: its version; several: none, but all are listed.
    """
    one = outputs_of([outcome(), outcome(deployment="b", state="ignored")])
    two = outputs_of([outcome(), outcome(deployment="b")])

    assert ("fraud", "2", "sha256:ab") == (
        one["deployment"],
        one["version"],
        one["digest"],
    )
    assert ("", ["fraud", "b"]) == (two["deployment"], json.loads(two["changed"]))
    assert {"fraud": "done", "b": "ignored"} == json.loads(one["verdicts"])
