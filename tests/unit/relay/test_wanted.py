"""What the relay is to be on AWS: pure, so held to its laws without a cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlflow_serverless.plan import FunctionUrl, Permission, Place, Role, Secret, Table
from mlflow_serverless.reconcile.load import parse
from mlflow_serverless.relay.aws import FILTERS_CHARS, Sender, blank, relayed
from mlflow_serverless.relay.errors import RelayCredentialsError
from mlflow_serverless.relay.event import Event
from mlflow_serverless.relay.filter import Filter, dump, read, within
from mlflow_serverless.relay.meant import filters_of
from mlflow_serverless.secure import audit
from mlflow_serverless.tools.configured import configured
from mlflow_serverless.tools.desired import desired
from mlflow_serverless.tools.errors import ToolOptionError, ToolTargetError

PLACE = Place(region="eu-west-1", account="123456789012")
POLICY = parse(
    "version: 1\nenvironments: {production: {}}\n"
    "models: [{model: fraud, on: {alias: champion}}]\n",
    Path("policy.yaml"),
)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf"
APP = {"app": "Iv1", "installation": "7", "key": "app-key"}


def want(given=None, **sender):
    """The deployment of a relay with these options."""
    asked = configured(blank("relay"), given or {}).wanted
    said = sender or {"token": "token"}
    made = relayed(asked, Sender(repository="acme/models", **said), POLICY, PLACE)
    return desired(made, PLACE, "repository@sha256:1")


def variables(found) -> dict[str, str]:
    return dict(found.function.settings.environment)


def rights(found) -> dict[str, list[str]]:
    """Action to what it may be done with."""
    (policy,) = (r.policy for r in found.resources if isinstance(r, Role))
    statements = json.loads(policy)["Statement"]
    return {a: said["Resource"] for said in statements for a in said["Action"]}


def test_it_refuses_nothing_but_its_public_url():
    """No plain secret, no open right; and the URL by its name alone."""
    found = [f for f in audit(want()) if f.weight.value == "refused"]
    allowed = [f for f in audit(want(), ["public-url"]) if f.weight.value == "refused"]

    assert (["public-url"], []) == ([f.code for f in found], allowed)


def test_everybody_may_call_the_url_and_only_by_it():
    """Both statements that a public URL takes, and no other for everybody."""
    found = want()
    doors = [r for r in found.resources if isinstance(r, FunctionUrl)]
    permissions = [r for r in found.resources if isinstance(r, Permission)]

    assert ["NONE"] == [door.auth for door in doors]
    assert {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} == {
        permission.action for permission in permissions
    }
    assert all(p.url_auth == "NONE" or p.via_url for p in permissions)


@pytest.mark.parametrize(
    ("secret", "address"),
    [
        ("token", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-??????"),
        (ARN, ARN),
    ],
)
def test_variables_say_where_secrets_are(secret, address):
    """By name or by ARN; the role may read these two, and no third."""
    found = want(token=secret)
    (own,) = (r for r in found.resources if isinstance(r, Secret))

    assert address == variables(found)["RELAY_TOKEN"]
    assert (
        sorted([address, PLACE.secret_arn(own.name)])
        == (rights(found)["secretsmanager:GetSecretValue"])
    )


def test_an_app_is_named_whole():
    """Its key is a secret; the other two are not."""
    said = variables(want(**APP))

    assert ("Iv1", "7") == (said["RELAY_APP"], said["RELAY_INSTALLATION"])
    assert "RELAY_TOKEN" not in said
    assert said["RELAY_KEY"].startswith("arn:")


@pytest.mark.parametrize(
    "sender",
    [
        {"event_type": "x"},
        {"app": "Iv1"},
        {"token": "t", **APP},
        {"app": "a", "key": "k"},
    ],
)
def test_by_what_right_it_dispatches_is_said_once(sender):
    """Neither of both, half an App, or both: nothing is made."""
    with pytest.raises(RelayCredentialsError, match="one right"):
        want(**sender)


def test_deliveries_are_remembered_for_all_environments():
    """In a table that it may put into and take from, and nothing else."""
    found = want()
    (table,) = (r for r in found.resources if isinstance(r, Table))
    arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table.name}"

    assert f"table:{table.name}" == variables(found)["RELAY_SEEN"]
    assert {"dynamodb:PutItem": [arn], "dynamodb:DeleteItem": [arn]} == {
        action: arns for action, arns in rights(found).items() if "dynamodb" in action
    }


def test_it_knows_which_events_matter():
    """The policy's rules, as filters."""
    (only,) = read(variables(want())["RELAY_FILTERS"])

    assert ("fraud", "alias", "champion") == only


def test_many_rules_still_fit(tmp_path):
    """
    The filters get coarser, so that no event is lost and Lambda takes the variable.
    """
    rules = "".join(
        f"  - {{model: model-{n}, on: {{alias: champion}}}}\n" for n in range(200)
    )
    head = "version: 1\nenvironments: {production: {}}\nmodels:\n"
    text = dump(within(filters_of(parse(head + rules, tmp_path)), FILTERS_CHARS))
    odd = tuple(Filter(f"m-{n}", "alias", f"alias-{n}") for n in range(200))

    assert [("*", "alias", "champion")] == [tuple(each) for each in read(text)]
    assert (Filter("*", "alias", "*"),) == within(odd, FILTERS_CHARS)
    assert within(odd, FILTERS_CHARS)[0].cares(
        Event("model_version_alias.created", "m-7", alias="alias-7")
    )


def test_options_of_deployments_hold_for_it_too():
    """Memory, key, tags; a key is one more right."""
    found = want({"memory_mb": "512", "kms_key": KEY, "tags.team": "risk"})

    assert 512 == found.function.settings.memory_mb
    assert [KEY] == rights(found)["kms:Decrypt"]
    assert ("team", "risk") in found.tags
    assert {KEY} == {r.kms_key for r in found.resources if hasattr(r, "kms_key")}


def test_options_that_it_has_not_are_refused():
    """Rather than taken and forgotten."""
    with pytest.raises(ToolOptionError, match=r"strategy.*\n.*memory_mb"):
        want({"strategy": "canary"})


def test_the_embedded_cloud_runs_it_another_way():
    """Which the error says."""
    assert "lambda" in str(ToolTargetError("relay", "lambda:/local"))
