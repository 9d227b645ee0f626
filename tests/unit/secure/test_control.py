"""What drives a rollout in the account may do, and no more."""

import json

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.pipeline.permitted import policies
from mlflow_serverless.plan import Place, Role, Schedule, drives, names
from mlflow_serverless.secure import audit

PLACE = Place(region="us-gov-west-1", account="123456789012", partition="aws-us-gov")
DRIVEN = {"strategy.driver": "cloud"}


def made(**given):
    want = outline("fraud", parse({**DRIVEN, **given}), PLACE)
    roles = {r.name: r for r in want.resources if isinstance(r, Role)}
    region = PLACE.region
    return (
        want,
        roles[names.control_role("fraud", region)],
        roles[names.schedule_role("fraud", region)],
    )


def statements(policy: str):
    return json.loads(policy)["Statement"]


def test_a_controller_reaches_one_deployment():
    """Its function, its log, its schedules, and the controller's own log."""
    _, role, _ = made(**{"alarms.errors": 1})
    said = [r for s in statements(role.policy) for r in s["Resource"]]

    own = (
        "function:fraud", "log-group:/aws/lambda/fraud",
        "schedule/mlflow-serverless-fraud/",
        "log-group:/aws/lambda/mlflow-serverless-control-fraud",
        "alarm:mlflow-serverless-fraud-",
    )  # fmt: skip
    said.remove(PLACE.arn("cloudwatch", "alarm:*"))  # heard, not changed
    for resource in said:
        service, where = resource.split(":", 5)[2:6:3]
        assert resource.startswith(f"arn:aws-us-gov:{service}:us-gov-west-1:")
        assert where.startswith(own)


def test_a_controller_moves_traffic_and_nothing_else():
    """Of all that it may do, one action changes the deployment; alarms watch it."""
    _, role, _ = made(**{"alarms.errors": 1})
    actions = [a for s in statements(role.policy) for a in s["Action"]]
    reads = ("lambda:Get", "lambda:List", "logs:Filter", "cloudwatch:")
    own = {"logs:CreateLogStream", "logs:PutLogEvents", "scheduler:DeleteSchedule"}

    assert {"lambda:UpdateAlias"} == {
        a for a in actions if not a.startswith(reads) and a not in own
    }


@pytest.mark.parametrize(
    ("hook", "asked"), [("lambda:gate", "gate:live"), ("lambda:gate@3", "gate:3")]
)
def test_it_may_ask_the_hooks_that_are_functions(hook, asked):
    """At the qualifier that is called, and only where there are any."""
    _, role, _ = made(**{"strategy.after": hook})
    (said,) = (s for s in statements(role.policy) if s["Sid"] == "AskItsHooks")

    assert [PLACE.arn("lambda", f"function:{asked}")] == said["Resource"]


def test_two_hooks_of_one_function_are_both_asked():
    """Each at its own qualifier."""
    _, role, _ = made(
        **{"strategy.before": "lambda:gate@1", "strategy.after": "lambda:gate@2"}
    )
    (said,) = (s for s in statements(role.policy) if s["Sid"] == "AskItsHooks")

    asked = [r.rpartition("function:")[2] for r in said["Resource"]]
    assert ["gate:1", "gate:2"] == asked


def test_only_the_scheduler_wakes_it_and_only_it():
    """For this deployment's schedules."""
    _, _, role = made()
    (trust,), (policy,) = statements(role.trust), statements(role.policy)

    assert {"Service": ["scheduler.amazonaws.com"]} == trust["Principal"]
    group = PLACE.arn("scheduler", "schedule-group/mlflow-serverless-fraud")
    assert group in str(trust["Condition"]["StringEquals"]["aws:SourceArn"])
    assert ["lambda:InvokeFunction"] == policy["Action"]
    controller = names.controller("fraud")
    assert [PLACE.arn("lambda", f"function:{controller}")] == policy["Resource"]


def test_the_audit_has_nothing_against_it():
    """No action and no resource is left open."""
    want, _, _ = made(**{"alarms.errors": 1})

    assert not [f for f in audit(want) if f.code.startswith("wildcard")]


def test_roles_are_handed_to_whom_they_are_for():
    """The controller's to Lambda, the other to EventBridge Scheduler."""
    _, role, wakes = made()
    passed = {
        s["Resource"][0].rpartition("/")[2]: s["Condition"]["StringEquals"]
        for policy in policies("deployer", "fraud", parse(DRIVEN), PLACE)
        for s in statements(policy)
        if "iam:PassRole" in s["Action"]
    }

    assert "lambda.amazonaws.com" in str(passed[role.name])
    assert "scheduler.amazonaws.com" in str(passed[wakes.name])


@pytest.mark.parametrize("name", ["fraud", "f" * 64])
def test_names_fit_and_are_no_other_deployment_s(name):
    """Sixty-four characters are all that roles, functions and groups may have."""
    want = outline(name, parse(DRIVEN), PLACE)
    beside = [r for r in want.resources if drives(r, name)]

    assert len(beside) == len({(r.kind, r.name) for r in beside}) == 6
    for resource in beside:
        assert len(resource.name) <= 64 or resource.kind == "log group"
        assert resource.name not in {names.role(name, PLACE.region), name}


def test_a_long_alias_still_names_a_schedule():
    """Aliases may be longer than schedules' names."""
    want = outline("fraud", parse({**DRIVEN, "alias": "a" * 128}), PLACE)
    (made_,) = (r for r in want.resources if isinstance(r, Schedule))

    assert len(made_.name) <= 64
