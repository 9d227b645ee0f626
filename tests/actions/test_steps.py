"""Each action's steps, run by bash with a CLI that writes down how it was called."""

import json

import pytest
import yaml

from mlflow_serverless.github.inputs import ACTIONS as KNOWN
from mlflow_serverless.github.inputs import Takes, words_of
from tests.fakes.actions import ACTIONS

HOSTILE = (
    '"; touch pwned; #',
    "$(touch pwned)`touch pwned`",
    "x\nurl=https://evil.example\ndeployment<<E\nevil\nE",
    "${{ github.token }}",
    "::add-path::/evil\n::set-output name=url::evil",
    "--target=lambda:/evil",
)
TEXT = [
    (which, key)
    for which, action in KNOWN.items()
    for key, option in action.options.items()
    if option.takes is not Takes.FLAG
]


def inputs_of(which):
    said = yaml.safe_load((ACTIONS / which / "action.yml").read_text())["inputs"]
    return {key for key in said if key not in {"working-directory", "requirements"}}


@pytest.mark.parametrize("which", sorted(KNOWN))
def test_an_action_is_one_call(recording, which):
    """
    `action WHICH`, all inputs beside it; what the call writes is the action's own.
    """
    needed = {"name": "fraud", "model": "models:/fraud/1"}
    done = recording.action(which, needed)
    inputs = json.loads((recording.workspace / "inputs").read_text())
    words = (recording.workspace / "words").read_text().splitlines()

    assert done["ok"]
    assert ["action", which] == words
    assert {key: value for key, value in needed.items() if key in inputs_of(which)} == {
        key: value for key, value in inputs.items() if key in needed
    }
    assert "good" == inputs["github-token"]
    assert "fraud" == done["outputs"]["deployment"]
    assert "## page\n" == done["summary"]


@pytest.mark.parametrize("which", sorted(KNOWN))
def test_a_failing_call_fails_the_action(recording, which):
    """
    With what it wrote until then.
    """
    needed = {"name": "fraud", "model": "models:/fraud/1"}
    done = recording.action(which, needed, env={"CODE": "5"})

    assert not done["ok"]
    assert (5, "failure") == (done["status"], done["steps"][-1]["outcome"])
    assert "fraud" == done["outputs"]["deployment"]


@pytest.mark.parametrize("which", sorted(KNOWN))
def test_no_input_is_obeyed(recording, which):
    """
    Every input at once, hostile in every way: each arrives as it was given, nothing is
    run, nothing becomes an output, and no command reaches the runner.
    """
    for hostile in HOSTILE:
        given = dict.fromkeys(inputs_of(which), hostile)
        done = recording.action(which, given)
        inputs = json.loads((recording.workspace / "inputs").read_text())

        assert done["ok"]
        assert given == {key: inputs[key] for key in given}
        assert [] == list(recording.workspace.rglob("pwned"))
        assert [] == done["commands"]
        assert "fraud" == done["outputs"]["deployment"]
        assert "" == done["outputs"]["url"]


@pytest.mark.parametrize("key", ["working-directory", "requirements"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_path_is_obeyed(recording, key, hostile):
    """
    A folder or a lock that is not there ends the action before anything is called.
    """
    needed = {"name": "fraud", "model": "models:/fraud/1", key: hostile}
    try:
        done = recording.action("deploy", needed)
    except RuntimeError as error:
        assert "ENOENT" in str(error)  # no such folder to start bash in
    else:
        assert not done["ok"]
    assert [] == [
        each.name
        for each in recording.workspace.rglob("*")
        if each.name in {"pwned", "words"}
    ]


@pytest.mark.parametrize("which, key", TEXT, ids="-".join)
def test_a_value_is_one_word(which, key):
    """
    Behind its option, whatever it holds; it can neither be an option of its own nor
    take the next one's place.
    """
    option = KNOWN[which].options[key]
    for hostile in HOSTILE:
        words = words_of(which, json.dumps({key: hostile}))
        lines = option.takes is Takes.LINES
        values = [v.strip() for v in hostile.splitlines()] if lines else [hostile]

        assert [KNOWN[which].command, *(f"{option.name}={v}" for v in values)] == words


def test_the_second_action_of_a_job_installs_nothing(recording):
    """
    The first has left its folder on the path, and there is no uv here to install with.
    """
    first = recording.action("rollback", {"name": "fraud"})
    second = recording.action("advance", {"name": "fraud"})

    assert first["ok"]
    assert second["ok"]
    assert ["astral-sh/setup-uv"] == [
        each["uses"].partition("@")[0] for each in second["uses"]
    ]
    lock = second["uses"][0]["with"]["cache-dependency-glob"]
    assert str(ACTIONS / "advance" / "../requirements.lock") == lock
