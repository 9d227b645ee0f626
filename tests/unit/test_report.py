"""Events are shown as a person, a log or a program wants them."""

import io
import json

from rich.console import Console

from mlflow_serverless.report import JsonLines, Lines, Terminal, reporter, step


def story(tell):
    with step(tell, "resolve", "models:/a@b") as said:
        said.say("models:/a/1, sklearn", uri="models:/a/1")
    with step(tell, "convert") as said:
        tell("convert.progress", part=0.5)
        said.say("Pipeline, 12 nodes", fresh=False)
    tell("apply.step", step="create function a", number=1, count=2)
    tell("record.warning", what="not written")


def test_a_log_has_one_line_a_step():
    """
    Starts and progress are for terminals only.
    """
    out = io.StringIO()
    with Lines(out) as tell:
        story(tell)

    lines = out.getvalue().splitlines()
    assert lines[0].startswith("resolve   models:/a/1, sklearn (0.0 s)")
    assert "convert   Pipeline, 12 nodes (unchanged)" == lines[1]
    assert ["apply     create function a", "record    not written"] == lines[2:]


def test_programs_get_every_event():
    """
    JSON lines carry all fields, and when.
    """
    out = io.StringIO()
    with JsonLines(out) as tell:
        story(tell)

    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert 7 == len(events)
    assert "models:/a/1" == events[1]["uri"]
    assert all("at" in event for event in events)


def test_a_terminal_shows_what_is_done():
    """
    Each finished step leaves one line; the spinner leaves nothing.
    """
    out = io.StringIO()
    with Terminal(Console(file=out, force_terminal=True, width=80)) as tell:
        story(tell)

    assert "✓" in out.getvalue()
    assert "Pipeline, 12 nodes (unchanged)" in out.getvalue()


def test_what_is_in_brackets_is_shown_as_it_is():
    """
    Extras of a requirement, and whatever a path may hold, are no markup.
    """
    out = io.StringIO()
    with Terminal(Console(file=out, force_terminal=True, width=80)) as tell:
        tell("environment.progress", what="installs mlflow[extras] for [/models/a]")
        tell("environment.done", what="done [/models/a]")

    assert "environment installs mlflow[extras] for [/models/a]" in out.getvalue()
    assert "done [/models/a]" in out.getvalue()


def test_no_room_s_name_is_cut():
    """
    Also the longest one's.
    """
    out = io.StringIO()
    with Terminal(Console(file=out, width=80)) as tell:
        tell("environment.done", what="made")

    assert "✓ environment made" == out.getvalue().strip()


def test_silence_is_silent():
    """
    `--quiet` shows nothing at all.
    """
    out = io.StringIO()
    with reporter(out, style="silent") as tell:
        story(tell)

    assert "" == out.getvalue()


def test_the_style_fits_where_it_goes():
    """
    A pipe gets lines without being asked.
    """
    assert isinstance(reporter(io.StringIO()), Lines)
