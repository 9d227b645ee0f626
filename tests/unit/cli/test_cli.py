"""Commands: their arguments, what they print, and how they end."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.cli.doctor import Finding, bases, examine
from mlflow_serverless.cli.looking import Tail
from mlflow_serverless.cli.session import EXIT_CODES, command
from mlflow_serverless.config import parse
from mlflow_serverless.errors import Kind
from mlflow_serverless.export import NoTemplateError
from mlflow_serverless.local import LocalCloud
from mlflow_serverless.package import read_bundle
from mlflow_serverless.pipeline.desired import desired
from mlflow_serverless.plan import Place, plan
from mlflow_serverless.world import LogLine
from tests.fakes.bundles import keep, make_bundle
from tests.fakes.memory_cloud import MemoryCloud
from tests.unit.package.test_package import MODEL
from tests.unit.pipeline.test_story import make_world


@pytest.fixture(autouse=True)
def registry(shop):
    """A store that answers: what is served is written to the model's tags."""
    return shop


@pytest.fixture
def run(home, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.parent}/none.db")
    monkeypatch.setenv("MLFLOW_SERVERLESS_TARGET", "lambda:/local")

    def invoke(*words):
        return CliRunner().invoke(main, words)

    return invoke


@pytest.fixture
def deployed(home, tmp_path):
    """`fraud` with one version that nobody has called."""
    return deployed_with({"memory_mb": 256}, home, tmp_path)


def deployed_with(given, home, tmp_path):
    bundle = make_bundle(tmp_path / "bundle")
    cloud = LocalCloud(home)
    artifact = keep(cloud, read_bundle(bundle.folder))
    want = desired("fraud", artifact, MODEL, "equal", parse(given))
    for step in plan(want, cloud.snapshot("fraud")).steps:
        cloud.perform(step)
    return cloud


def test_what_is_in_brackets_is_shown_as_it_is(run, home, tmp_path):
    """
    Values of variables are no markup for the terminal.
    """
    deployed_with({"environment.PATH_PATTERN": "[/a-z]+[bold]"}, home, tmp_path)

    assert "PATH_PATTERN = [/a-z]+[bold]" in run("status", "fraud").output


def test_every_command_has_help(run):
    """
    Each says what it does, in a sentence.
    """
    for name, each in main.commands.items():
        result = run(name, "--help")
        assert 0 == result.exit_code
        assert each.help.strip().split("\n", maxsplit=1)[0].endswith("."), name


def test_status_shows_what_is_deployed(run, deployed):
    """
    All in a table, one in full, and both as JSON.
    """
    assert "models:/fraud/7" in run("status").output
    one = json.loads(run("status", "fraud", "--json").stdout)
    every = json.loads(run("status", "--json").stdout)

    shown = run("status", "fraud").output
    assert [one] == every
    assert {"memory_mb": 256} == one["config"]
    assert "config" in shown
    assert "memory_mb = 256" in shown
    assert "{" not in shown


def test_history_shows_the_versions(run, deployed):
    """
    Newest first, with who serves.
    """
    (version,) = json.loads(run("history", "--name", "fraud", "--json").stdout)

    assert ("1", ["live"], 256) == (
        version["version"], version["aliases"], version["memory_mb"],
    )  # fmt: skip
    assert "models:/fraud/7" in run("history", "fraud").output


def test_delete_may_be_repeated(run, deployed):
    """
    The second time there is nothing to do.
    """
    assert "fraud is deleted." in run("delete", "fraud").output
    assert "fraud was not there." in run("delete", "fraud").output
    assert "nothing is deployed" in run("status").output


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["status", "fruad"], Kind.NOT_FOUND, "no deployment 'fruad'"),
        (["deploy", "a b", "models:/x/1"], Kind.BAD_INPUT, "'a b' cannot name"),
        (["deploy", "x", "-m", "models:x"], Kind.BAD_INPUT, "models:/NAME@ALIAS"),
        (["plan", "x", "/nowhere/x"], Kind.NOT_FOUND, "no folder /nowhere/x"),
        (
            ["deploy", "x", "m", "-C", "memory=1"],
            Kind.BAD_INPUT, "did you mean memory_mb?",
        ),
        (["status", "-t", "lambda:/eu-west-1"], Kind.DENIED, "no AWS credentials"),
        (["status", "-t", "sagemaker"], Kind.BAD_INPUT, "not a target"),
        (["logs", "fruad"], Kind.NOT_FOUND, "no deployment 'fruad'"),
    ],
)  # fmt: skip
def test_errors_end_with_their_kind_s_code(run, words, kind, said):
    """
    What happened, what to do, a code; no traceback; an exit code by kind.
    """
    result = run(*words)

    assert EXIT_CODES[kind] == result.exit_code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "" == result.stdout


def test_debug_shows_where_it_came_from(run):
    """
    `--debug` adds the traceback.
    """
    assert "Traceback" in run("status", "x", "--debug").stderr


def test_errors_are_json_too(run):
    """
    Programs get code, kind, message and hint.
    """
    error = json.loads(run("status", "x", "--json").stderr.splitlines()[-1])

    assert ("deployment-missing", "not-found") == (error["error"], error["kind"])


@pytest.mark.parametrize(
    "words",
    [
        ["deploy", "x"],
        ["deploy", "-m", "models:/x/1"],
        ["deploy", "x", "models:/x/1", "-m", "models:/x/2"],
        ["history", "x", "--name", "y"],
        ["deploy", "x", "models:/x/1", "-C", "memory_mb"],
        ["deploy", "x", "models:/x/1", "-C", "a=1", "-C", "a=2"],
    ],
)
def test_mistakes_on_the_command_line_exit_with_2(run, words):
    """
    As click does it.
    """
    result = run(*words)

    assert 2 == result.exit_code
    assert "Usage:" in result.stderr


def test_a_file_of_options_is_named_with_an_at(run, tmp_path):
    """
    `-C @file.yaml` is read like `-C config=@file.yaml`.
    """
    file = tmp_path / "c.yaml"
    file.write_text("memroy_mb: 1")

    assert "memroy_mb: unknown key" in run("plan", "x", "m", "-C", f"@{file}").stderr


def test_a_template_is_for_aws(run, tmp_path):
    """
    The embedded cloud has none, and Terraform reads no file of another name.
    """
    file = str(tmp_path / "x.json")
    words = ("export", "x", "/nowhere/x", "--format", "terraform")

    local, misnamed = run(*words), run(*words, "--output", file)

    assert (EXIT_CODES[Kind.BAD_INPUT], "[no-template]") == (
        local.exit_code, local.output.splitlines()[-1],
    )  # fmt: skip
    assert ".tf.json" in misnamed.output
    assert not (tmp_path / "x.json").exists()


def test_a_plan_of_a_missing_model_changes_nothing(run, home):
    """
    An error leaves no state behind.
    """
    run("deploy", "x", "/nowhere/x")

    assert "nothing is deployed" in run("status").output


def test_doctor_looks_at_everything(home, shop):
    """
    Each finding that is not well says what to do.
    """
    findings = {finding.what: finding for finding in examine()}

    assert {
        "Python",
        "onnxruntime",
        "MLflow store",
        "disk",
        "Docker",
        "AWS region",
    } <= (findings.keys())
    assert Finding("MLflow store", "ok", shop.uri) == findings["MLflow store"]
    assert all(f.do for f in findings.values() if f.state != "ok")


def test_doctor_asks_aws_where_it_is_the_target(home, shop, tmp_path):
    """
    Whose credentials these are, or what is wrong with them.
    """
    place = Place(region="eu-central-1", account="123456789012", caller="arn:x:me")
    world = make_world(tmp_path, MemoryCloud(where=place))

    def refused():
        raise NoTemplateError("x")

    found = [
        next(f for f in examine(aws) if f.what == "AWS")
        for aws in (lambda: world, refused)
    ]

    assert Finding("AWS", "ok", "arn:x:me in eu-central-1") == found[0]
    assert "later" == found[1].state
    assert NoTemplateError("x").hint == found[1].do


def test_doctor_knocks_at_the_registry_of_base_images():
    """
    A proxy that is in the way is found before a build is.
    """
    with socket.create_server(("127.0.0.1", 0)) as door:
        nobody = door.getsockname()[1]

    found = bases(f"http://127.0.0.1:{nobody}/v2/")

    assert "later" == found.state
    assert "image.base_image" in found.do


def test_following_a_log_repeats_and_loses_nothing():
    """
    Lines of one instant may arrive in two looks; each is shown once.
    """
    at = [datetime(2026, 1, 1, second=s, tzinfo=UTC) for s in range(3)]
    lines = [
        LogLine(at=moment, version="1", environment="e", text=text)
        for moment, text in zip((at[0], at[1], at[1], at[2]), "abcd", strict=True)
    ]
    tail = Tail(None)

    assert lines[:2] == list(tail.new(lines[:2]))
    assert lines[2:3] == list(tail.new(lines[1:3]))
    assert lines[3:] == list(tail.new(lines[1:]))


def test_a_line_that_comes_late_is_shown():
    """
    CloudWatch may hold back a line while later ones are there to be read.
    """
    late, shown = (
        LogLine(at=at, version="1", environment="e", text="x")
        for at in (datetime(2026, 1, 1, second=s, tzinfo=UTC) for s in (20, 25))
    )
    tail = Tail(None)

    assert [shown] == list(tail.new([shown]))
    assert tail.since is not None
    assert tail.since <= late.at
    assert [late] == list(tail.new([late, shown]))


def test_local_says_what_runs(run):
    """
    Nothing runs before the first request.
    """
    assert "nothing is running." in run("local", "status").output
    assert "nothing was running." in run("local", "stop").output


def test_the_reference_is_what_the_code_says():
    """
    docs/reference is generated; whoever changes an option generates it again.
    """
    import subprocess
    import sys

    script = Path(__file__).parents[3] / "scripts" / "generate_reference.py"
    ran = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )

    assert 0 == ran.returncode, ran.stdout


def test_the_embedded_cloud_is_served_whatever_the_default_target(
    home, deployed, monkeypatch
):
    """
    `local serve` means this machine, with no target named; it says how to call it.
    """
    import signal
    import subprocess
    import sys

    monkeypatch.delenv("MLFLOW_SERVERLESS_TARGET", raising=False)
    program = "from mlflow_serverless.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "local", "serve", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert "/fraud/invocations" in said


@pytest.fixture
def two_versions(deployed, tmp_path):
    """`fraud` with a second version, which serves."""
    bundle = make_bundle(tmp_path / "second", b"another graph")
    artifact = keep(deployed, read_bundle(bundle.folder))
    want = desired("fraud", artifact, MODEL, "equal", parse({"memory_mb": 256}))
    for step in plan(want, deployed.snapshot("fraud")).steps:
        deployed.perform(step)
    return deployed


def test_rollback_moves_traffic_back_at_once(run, two_versions):
    """
    To the version before, or to the one that is named.
    """
    assert "fraud:live serves version 1" in run("rollback", "fraud").output
    named = run("rollback", "fraud", "--to", "2", "--json")

    assert "1" == two_versions.snapshot("fraud").versions[0].number
    assert "2" == two_versions.snapshot("fraud").alias("live").version
    moved = json.loads(named.stdout)
    assert ("1", "2", True) == (
        moved["before"], moved["now"]["version"], moved["changed"],
    )  # fmt: skip
    nothing = run("rollback", "fraud", "--to", "9")
    assert EXIT_CODES[Kind.NOT_FOUND] == nothing.exit_code
    assert "it has: 1, 2" in nothing.output


def test_gc_says_what_would_go_before_it_goes(run, two_versions):
    """
    Nothing is removed without --yes; what serves stays.
    """
    said = run("gc", "fraud", "--keep", "1").output
    assert "remove version 1 of fraud" in said
    assert "version 2 stays: live sends it traffic" in said
    assert 2 == len(two_versions.snapshot("fraud").versions)

    assert 0 == run("gc", "--keep", "1", "--yes").exit_code

    (left,) = two_versions.snapshot("fraud").versions
    assert "2" == left.number
    assert "nothing to remove" in run("gc", "fraud").output


def test_iam_prints_a_policy_to_attach(run):
    """
    For an account and a region that are named; the embedded cloud has none.
    """
    where = ("--account", "123456789012", "--region", "cn-north-1")
    deployer = json.loads(run("iam", "fraud", *where).stdout)
    function = json.loads(run("iam", "fraud", *where, "--of", "function").stdout)

    assert {"PassRole", "Look"} <= {said["Sid"] for said in deployer["Statement"]}
    said, *shadow = function["Statement"]
    assert ["KnowItsShadow", "AskItsShadow"] == [each["Sid"] for each in shadow]
    assert said["Resource"][0].startswith("arn:aws-cn:logs:cn-north-1:123456789012:")
    refused = run("iam", "fraud")
    assert 2 == refused.exit_code
    assert "--account and --region" in refused.output


def test_ctrl_c_ends_a_command_as_shells_expect():
    """
    With 130 and no word of its own: following a log ends that way.
    """

    @click.command()
    @command
    def endless(session):
        raise KeyboardInterrupt

    ended = CliRunner().invoke(endless)
    assert (130, "") == (ended.exit_code, ended.output)


WHERE = ("--account", "123456789012", "--region", "eu-central-1")
MANY = (
    "-C", "url.auth=iam", "-C", "api.auth=iam", "-C", "alarms.errors=1",
    "-C", "alarms.dashboard=true", "-C", "image.model_store=own",
    "-C", "strategy.driver=cloud",
)  # fmt: skip


def test_iam_divides_what_one_policy_does_not_hold(run, tmp_path):
    """
    Said where it is printed; each in a file of its own where a folder is named.
    """
    printed = run("iam", "fraud", *WHERE, *MANY)
    first, end = json.JSONDecoder().raw_decode(printed.stdout)
    second = json.loads(printed.stdout[end:])
    run("iam", "fraud", *WHERE, *MANY, "-o", str(tmp_path / "policies"))
    files = sorted((tmp_path / "policies").iterdir())

    assert "2 policies" in printed.stderr
    assert ["fraud-deployer-1.json", "fraud-deployer-2.json"] == [f.name for f in files]
    assert [first, second] == [json.loads(file.read_text()) for file in files]


def test_iam_prints_what_deploying_a_relay_needs(run):
    """
    By the name that relays have unless they are told another.
    """
    policy = json.loads(run("iam", "--of", "relay", *WHERE).stdout)
    said = {action for each in policy["Statement"] for action in each["Action"]}

    assert {"secretsmanager:CreateSecret", "dynamodb:CreateTable"} <= said
    assert "function:mlflow-serverless-relay" in json.dumps(policy)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("iam",), 2, "name one deployment"),
        (("iam", "fraud", *WHERE, "--of", "key"), 3, "kms_key=ARN"),
        (("iam", "fraud", *WHERE, "--of", "controller"), 3, "strategy.driver=cloud"),
        (("iam", "fraud", "--account", "123", "--region", "eu-central-1"), 2, "123456"),
        (("iam", "fraud", "--account", "1" * 12, "--region", "x"), 2, "eu-central"),
    ],
)  # fmt: skip
def test_iam_says_what_to_type_instead(run, words, code, hint):
    """
    Where nothing has such a policy, or no ARN could have such a part.
    """
    refused = run(*words)

    assert code == refused.exit_code
    assert hint in refused.output


def test_what_only_aws_has_is_refused_here(run):
    """
    Before anything is looked for.
    """
    result = run("deploy", "fraud", "models:/fraud/1", "-C", "url.auth=iam")

    assert EXIT_CODES[Kind.UNSUPPORTED] == result.exit_code
    assert "lambda:/local has no url.auth" in result.output
