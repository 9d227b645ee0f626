"""The relay on AWS: made, registered, called by a real registry, taken away.

Real: MLflow's server and its webhooks, the builder, the registry of images, the
container under Lambda's conditions that answers at the URL, boto3. Stood in for: what
AWS's control plane says, Secrets Manager and DynamoDB (moto), GitHub.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.relay.check import ID, SIGNATURE, TIMESTAMP, sign
from tests.fakes.aws.account import access_to
from tests.fakes.aws.server import REGION
from tests.fakes.github import github
from tests.fakes.mlflow_server import mlflow_server
from tests.fakes.mlflow_state import pointing_at
from tests.fakes.patience import until

pytestmark = [
    pytest.mark.docker, pytest.mark.emulator, pytest.mark.slow,
    pytest.mark.xdist_group("docker"),
]  # fmt: skip

NAME, TOKEN = "mlflow-serverless-relay", "github-token"
POLICY = """\
version: 1
environments: {production: {}}
models:
  - {model: fraud, on: {alias: champion}}
"""


@pytest.fixture(scope="module")
def aws(aws):
    """The account, as the target that is meant; it keeps GitHub's token."""
    secrets = access_to(aws).client("secretsmanager")
    secrets.create_secret(Name=TOKEN, SecretString="good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_SERVERLESS_TARGET", f"lambda:/{REGION}")
        yield aws


@pytest.fixture(scope="module")
def fake():
    """GitHub."""
    with github() as found:
        yield found


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A registry, on a server of its own, with one version of `fraud`."""
    from mlflow.tracking import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    with mlflow_server(folder) as url, pointing_at(url):
        made = MlflowClient(url)
        made.create_registered_model("fraud")
        made.create_model_version("fraud", source="s3://models/fraud")
        yield made


def run(*words: str, code: int = 0) -> dict:
    """One of our commands; what it says in JSON."""
    done = CliRunner().invoke(main, ["relay", *words, "--json"])
    assert code == done.exit_code, done.output
    return json.loads(done.stdout or done.stderr.splitlines()[-1])


@pytest.fixture(scope="module")
def options(base, fake, tmp_path_factory):
    """What the relay is made with."""
    policy = tmp_path_factory.mktemp("policy") / "mlflow-serverless.yaml"
    policy.write_text(POLICY)
    return (
        "--policy", str(policy), "--repository", "acme/models",
        "--token-secret", TOKEN, "--github-api", fake.url,
        "-C", f"image.base_image={base}", "-C", "image.builder=direct",
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(aws, options):
    """The relay, deployed."""
    return run("deploy", *options, "-C", "allow=public-url")


def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.loads(reply.read())["status"]
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["error"]


def test_a_public_url_is_allowed_by_name_or_not_at_all(aws, options):
    """Refused before anything is built, with what to type."""
    said = run("deploy", *options, code=5)

    assert "public-url" in said["message"]
    assert "allow=public-url" in said["hint"]
    assert [] == access_to(aws).client("lambda").list_functions()["Functions"]


def test_a_promotion_in_the_registry_is_dispatched(made, options, client, fake):
    """Alias moved → webhook → URL → container → GitHub, once, with the event."""
    policy = options[:2]
    registered = run("register", *policy)
    client.set_registered_model_alias("fraud", "champion", "1")
    until(lambda: fake.dispatches)
    (sent,) = fake.dispatches

    assert (True, 200) == (registered["fresh"], registered["tested"])
    assert "mlflow-registry" == sent["event_type"]
    assert ("model_version_alias.created", "fraud", "1", "champion") == tuple(
        sent["client_payload"][key] for key in ("kind", "model", "version", "alias")
    )
    assert made["url"] == registered["url"]


def test_what_is_not_the_registrys_is_refused(made, aws, fake):
    """Each with its status, and nothing is sent on."""
    secrets = access_to(aws).client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=f"mlflow-serverless/{NAME}")
    key, before = secret["SecretString"], len(fake.dispatches)
    body = json.dumps({
        "entity": "model_version_alias", "action": "created", "timestamp": "now",
        "data": {"name": "fraud", "alias": "champion", "version": "2"},
    }).encode()  # fmt: skip

    def deliver(delivery: str, at: float, body: bytes, by: str = key):
        stamp = str(int(at))
        signed = {
            ID: delivery, TIMESTAMP: stamp, SIGNATURE: sign(by, delivery, stamp, body),
        }  # fmt: skip
        headers = {**signed, "content-type": "application/json"}
        return post(made["url"], headers, body)

    now = time.time()
    assert (401, "wrong signature") == deliver("d-1", now, body, by="guessed")
    assert (401, "timestamp outside the window") == deliver("d-1", now - 301, body)
    assert 400 == deliver("d-1", now, b"{}")[0]
    assert 413 == deliver("d-1", now, b" " * 1_000_001)[0]
    assert before == len(fake.dispatches)
    assert (202, "sent on") == deliver("d-1", now, body)
    assert (200, "seen before") == deliver("d-1", now, body)
    assert before + 1 == len(fake.dispatches)


def test_it_may_do_what_it_does_and_no_more(made, aws):
    """Its log, its two secrets, its table; nothing secret in its variables."""
    access = access_to(aws)
    found = access.client("lambda").get_function(FunctionName=NAME, Qualifier="live")
    variables = found["Configuration"]["Environment"]["Variables"]
    role = found["Configuration"]["Role"].rpartition("/")[2]
    policy = access.client("iam").get_role_policy(
        RoleName=role, PolicyName="mlflow-serverless"
    )["PolicyDocument"]
    table = access.client("dynamodb").describe_time_to_live(TableName=NAME)

    assert {"RELAY_SECRETS", "RELAY_TOKEN"} == {
        key for key, value in variables.items() if ":secretsmanager:" in value
    }
    assert not any("good" in value for value in variables.values())
    statements = policy["Statement"]
    arns = [arn for said in statements for arn in said["Resource"]]
    assert {
        "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue",
        "dynamodb:PutItem", "dynamodb:DeleteItem",
    } == {action for said in statements for action in said["Action"]}  # fmt: skip
    assert not any("*" in arn.removesuffix(":log-stream:*") for arn in arns)
    assert "until" == table["TimeToLiveDescription"]["AttributeName"]


def test_the_same_again_takes_no_step(made, options):
    """And the plan says so; a changed policy is one away."""
    allowed = ("-C", "allow=public-url")
    again = run("deploy", *options, *allowed)
    run("plan", *options, *allowed, "--check")
    other = run("plan", *options, *allowed, "--event-type", "other", "--check", code=4)

    assert [] == again["changed"]
    assert made["version"] == again["version"] == run("status")["version"]
    assert "drift" == other.get("error", "drift")


def test_it_is_no_deployment(made):
    """Nobody asks it for predictions, and the garbage of models is not its."""
    done = CliRunner().invoke(main, ["status", "--json"])

    assert [] == json.loads(done.stdout)


def test_nothing_is_left(made, aws, client):
    """Function, role, log, table, secret, images and webhook; twice is no error."""
    first, again = run("delete"), run("delete")
    access = access_to(aws)

    assert (True, 1) == (first["stopped"], first["webhooks"])
    assert (False, 0) == (again["stopped"], again["webhooks"])
    assert [] == access.client("lambda").list_functions()["Functions"]
    assert [] == access.client("dynamodb").list_tables()["TableNames"]
    assert [] == access.client("ecr").describe_repositories()["repositories"]
    kept = access.client("secretsmanager").list_secrets()["SecretList"]
    assert [TOKEN] == [secret["Name"] for secret in kept]
    assert [] == list(client.list_webhooks())
