"""What stands around a function is made, read back, changed and taken away."""

import json
from dataclasses import replace

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    Alarm,
    ChangeResource,
    Cors,
    Dashboard,
    Domain,
    FunctionUrl,
    HttpApi,
    JwtAuthorizer,
    LogGroup,
    MakeResource,
    ModelBucket,
    Permission,
    ProvisionedConcurrency,
    RemoveResource,
    Repository,
    Role,
    Secret,
    Table,
    key_of,
    names,
    plan,
    plan_removal,
)
from mlflow_serverless.plan.guard import guards
from tests.fakes.aws.account import access_to, allow
from tests.fakes.tell import silent

REGION = "us-east-1"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/1"


def policy(action: str) -> str:
    said = {"Effect": "Allow", "Action": [action], "Resource": ["arn:aws:s3:::it/*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def tags(name: str) -> tuple[tuple[str, str], ...]:
    return ((names.OWNER, name), ("team", "fraud"))


def first(kind: str, name: str):
    """One resource of *kind*, as a deployment would have it."""
    mine = tags(name)
    trust = allow("lambda.amazonaws.com", "sts:AssumeRole")
    made = {
        "repository": Repository(
            name=names.repository(name), tags=mine,
            policy=allow("lambda.amazonaws.com", "ecr:BatchGetImage"),
        ),
        "role": Role(
            name=names.role(name, REGION), trust=trust, policy=policy("s3:GetObject"),
            description="what it may do", tags=mine,
        ),
        "log group": LogGroup(name=names.log_group(name), tags=mine),
        "bucket": ModelBucket(
            name=f"{name}-models", policy=allow("s3.amazonaws.com", "s3:GetObject"),
            tags=((names.OWNER, names.SHARED),),
        ),
        "secret": Secret(name=f"ours/{name}", description="signs", tags=mine),
        "table": Table(name=name, tags=mine),
        "url": FunctionUrl(qualifier="live"),
        "permission": Permission(
            sid="url", qualifier="live", principal="123456789012", url_auth="AWS_IAM",
            action="lambda:InvokeFunctionUrl",
        ),
        "api": HttpApi(name=names.api(name), qualifier="live", tags=mine),
        "provisioned": ProvisionedConcurrency(qualifier="live", count=2),
        "alarm": Alarm(
            name=names.alarm(name, "duration"), metric="Duration", statistic="p99",
            threshold=900.0, tags=mine, description="slow",
            dimensions=(("FunctionName", name), ("Resource", f"{name}:live")),
        ),
        "dashboard": Dashboard(
            name=names.dashboard(name, REGION), body='{"widgets":[]}'
        ),
    }  # fmt: skip
    return made[kind]


def second(kind: str, made):
    """The same resource, as different as it may be."""
    owner = getattr(made, "tags", ())[:1]
    changes = {
        "repository": {"scan_on_push": False, "immutable": False, "untagged_days": 3},
        "role": {
            "policy": policy("s3:PutObject"), "description": "more",
            "boundary": "arn:aws:iam::aws:policy/PowerUserAccess",
        },
        "log group": {"retention_days": 7},
        "bucket": {"versioned": False, "kms_key": KEY},
        "secret": {"description": "more", "kms_key": KEY, "tags": owner},
        "table": {"tags": (*owner, ("team", "risk"))},
        "url": {"auth": "NONE", "cors": Cors(origins=("https://a.example",))},
        "permission": {"principal": "*", "url_auth": "NONE"},
        "api": {
            "auth": "JWT", "rate": 5.0, "burst": 9, "timeout_ms": 4000,
            "jwt": JwtAuthorizer(
                issuer="https://id.example", audience=("us",), scopes=("ask",)
            ),
            "cors": Cors(origins=("https://a.example",)),
            "routes": ("GET /ping", "POST /invocations"),
            "access_log": f"arn:aws:logs:{REGION}:123456789012:log-group:it",
        },
        "provisioned": {"count": 5},
        "alarm": {"statistic": "Maximum", "threshold": 5.0, "actions": (KEY,)},
        "dashboard": {"body": '{"widgets":[{"type":"text","width":6}]}'},
    }  # fmt: skip
    return replace(made, **changes[kind])


KINDS = (
    "repository", "role", "log group", "bucket", "secret", "table", "url",
    "permission", "api", "provisioned", "alarm", "dashboard",
)  # fmt: skip


@pytest.fixture
def deployed(cloud, want):
    """A function that serves, for things to stand around."""
    apply(plan(want(), cloud.snapshot(want().function.name)), cloud, silent)
    return cloud


def test_alarms_of_a_rollout_are_heard(deployed, want, aws):
    """
    On the executed version, of this deployment alone; planning again leaves them.
    """
    wish = want()
    name = wish.function.name
    number = deployed.snapshot(name).alias("live").version
    client = access_to(aws).client("cloudwatch")
    for owner in (name, f"{name}-2"):
        for alarm in guards(owner, "live", number, errors=0.05, p95_ms=80.0):
            deployed.perform(MakeResource(owner, alarm))
            client.set_alarm_state(
                AlarmName=alarm.name, StateValue="ALARM", StateReason="too many"
            )
    quiet = guards(name, "live", number, errors=0.05)[0]
    client.set_alarm_state(AlarmName=quiet.name, StateValue="OK", StateReason="fine")
    (heard,) = deployed.ringing(name)
    have = deployed.snapshot(name)

    assert (number, "too many") == (heard.version, heard.why)
    assert heard.name.endswith("duration")
    assert 2 == len(have.resources)
    assert not plan(wish, have)


def there(cloud, name, resource):
    return cloud.snapshot(name, wanted=(resource,)).resource(key_of(resource))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_read_back(deployed, name, kind):
    """A resource is what was asked for, however often it is asked for."""
    resource = first(kind, name)

    for _ in range(2):
        deployed.perform(MakeResource(name, resource))
        assert resource == there(deployed, name, resource)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_is_read_back_and_can_change_back(deployed, name, kind):
    """A change is whole: nothing of what was there before is left over."""
    resource = first(kind, name)
    deployed.perform(MakeResource(name, resource))

    for wanted in (second(kind, resource), resource):
        for _ in range(2):
            deployed.perform(ChangeResource(name, wanted))
            assert wanted == there(deployed, name, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_removed_is_gone(deployed, name, kind):
    """Removing again changes nothing."""
    resource = first(kind, name)
    deployed.perform(MakeResource(name, resource))

    for _ in range(2):
        deployed.perform(RemoveResource(name, resource))
        assert there(deployed, name, resource) is None


@pytest.mark.parametrize("kind", ["repository", "role", "log group", "api", "alarm"])
def test_what_others_made_is_left_alone(deployed, name, kind):
    """Without our tag it is foreign: not made over, not removed, but adopted."""
    resource = first(kind, name)
    deployed.perform(ChangeResource(name, replace(resource, tags=())))
    have = deployed.snapshot(name, wanted=(resource,))

    assert (None, [key_of(resource)]) == (
        have.resource(key_of(resource)), [key_of(r) for r in have.foreign],
    )  # fmt: skip
    with pytest.raises(ServerlessError, match="made-by-others"):
        deployed.perform(MakeResource(name, resource))
    deployed.perform(RemoveResource(name, resource))
    assert have.foreign == deployed.snapshot(name, wanted=(resource,)).foreign

    deployed.perform(ChangeResource(name, resource))
    assert resource == there(deployed, name, resource)


def test_a_custom_domain_leads_to_the_api_and_goes_with_it(deployed, name, access):
    """It is made for the API, read back without being wanted, and removed with it."""
    certificate = f"arn:aws:acm:{REGION}:123456789012:certificate/1"
    domain = Domain(name=f"{name}.example.com", certificate=certificate)
    resource = replace(first("api", name), domain=domain)

    deployed.perform(MakeResource(name, resource))

    assert resource == deployed.snapshot(name).resource(key_of(resource))
    deployed.perform(RemoveResource(name, resource))
    found = access.client("apigatewayv2").get_domain_names()["Items"]
    assert domain.name not in {item["DomainName"] for item in found}


def test_a_statement_made_by_hand_is_left_alone(deployed, name, access):
    """Whoever was let in by somebody else stays."""
    client = access.client("lambda")
    client.add_permission(
        FunctionName=name, Qualifier="live", StatementId="theirs",
        Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
    )  # fmt: skip
    deployed.perform(MakeResource(name, first("permission", name)))

    have = deployed.snapshot(name)

    assert ["live/url"] == [r.name for r in have.resources]
    policy = json.loads(
        client.get_policy(FunctionName=name, Qualifier="live")["Policy"]
    )
    assert {"theirs", "url"} == {said["Sid"] for said in policy["Statement"]}


def test_a_whole_deployment_comes_and_goes(cloud, want, name):
    """All of it in one plan; again there is nothing to do; then nothing is left."""
    kinds = [kind for kind in KINDS if kind != "bucket"]
    wanted = want(resources=[first(kind, name) for kind in kinds])
    have = cloud.snapshot(name, wanted=wanted.resources)
    apply(plan(wanted, have), cloud, silent)

    have = cloud.snapshot(name, wanted=wanted.resources)
    assert not plan(wanted, have)
    outputs = dict(have.outputs)
    assert {"api_url", "function_arn", "url"} == set(outputs)
    assert outputs["url"].startswith("http")

    apply(plan_removal(have), cloud, silent)

    left = cloud.snapshot(name, wanted=wanted.resources)
    assert (None, (), (), ()) == (
        left.function, left.resources, left.foreign, left.artifacts,
    )  # fmt: skip
    assert not plan_removal(left)
