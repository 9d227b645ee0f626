"""A configuration and a place are enough to say everything, in final text."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.desired import desired, fingerprint
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import (
    Actual,
    Alarm,
    Dashboard,
    FunctionUrl,
    HttpApi,
    LogGroup,
    ModelBucket,
    Permission,
    Place,
    ProvisionedConcurrency,
    Repository,
    Role,
    key_of,
    names,
    partition_of,
    plan,
)
from mlflow_serverless.plan.rules import check
from mlflow_serverless.preflight import ModelFacts
from mlflow_serverless.secure import audit
from mlflow_serverless.topology import (
    ColdStart,
    choose,
    config_of,
    only_on_aws,
    topology,
)
from mlflow_serverless.topology.cold import snapshot_impossible
from tests.fakes.resolved import MODEL

PLACE = Place(region="eu-central-1", account="123456789012")
ROLE = "arn:aws:iam::123456789012:role/mine"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/k"
POINT = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/f"
VPC = {"vpc.subnets": "subnet-b,subnet-a", "vpc.security_groups": "sg-1"}
OPTIONS = [
    {}, {"role": ROLE}, {"kms_key": KEY}, VPC, {"mount.arn": POINT, **VPC},
    {"provisioned": "2"}, {"cold_start": "snapshot"}, {"url.auth": "iam"},
    {"api.auth": "iam", "api.cors": "https://a"}, {"alarms.errors": "1"},
    {"api.auth": "jwt", "api.issuer": "https://i", "api.audience": "a,b"},
    {"alarms.dashboard": "true"}, {"image.model_store": "own"},
    {"image.model_store": "s3://mine/models"}, {"image.repository": "shared/models"},
    {"image.architecture": "arm64"}, {"tracing": "true"}, {"log_retention_days": "7"},
    {"permissions_boundary": "arn:aws:iam::123456789012:policy/b"},
]  # fmt: skip
configs = (
    st.lists(st.sampled_from(OPTIONS), max_size=4)
    .map(lambda parts: {key: value for part in parts for key, value in part.items()})
    .filter(lambda given_: not {"provisioned", "cold_start"} <= set(given_))
    .map(parse)
)


def kinds(**given):
    return [type(r) for r in topology("fraud", parse(given), PLACE).resources]


def one(kind, **given):
    made = topology("fraud", parse(given), PLACE).resources
    (found,) = (resource for resource in made if isinstance(resource, kind))
    return found


def test_the_least_is_a_log_a_role_and_a_repository():
    """Nothing stands in front of a function unless it is asked for."""
    assert [LogGroup, Role, Repository] == kinds()


@pytest.mark.parametrize(
    ("given_", "more"),
    [
        ({"url.auth": "iam"}, [FunctionUrl, Permission, Permission]),
        ({"api.auth": "iam"}, [LogGroup, HttpApi]),
        ({"api.auth": "iam", "api.access_log": False}, [HttpApi]),
        ({"provisioned": 2}, [ProvisionedConcurrency]),
        ({"alarms.errors": 1, "alarms.p99_ms": 50}, [Alarm, Alarm]),
        ({"alarms.dashboard": True}, [Dashboard]),
        ({"image.model_store": "own"}, [ModelBucket]),
        ({"image.model_store": "s3://mine/models"}, []),
    ],
)
def test_what_is_asked_for_is_added(given_, more):
    """And nothing else."""
    added = kinds(**given_)
    for kind in kinds():
        added.remove(kind)

    assert more == added


def test_a_url_takes_two_permissions():
    """With one of them alone, every call is refused."""
    made = topology("fraud", parse({"url.auth": "public"}), PLACE).resources
    granted = [r for r in made if isinstance(r, Permission)]

    assert ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"] == [
        permission.action for permission in granted
    ]
    assert ["NONE", ""] == [permission.url_auth for permission in granted]
    assert [False, True] == [permission.via_url for permission in granted]
    assert {"*"} == {permission.principal for permission in granted}


@settings(deadline=None)
@given(config=configs)
def test_what_is_made_by_default_passes_the_audit(config):
    """No option but those that say so opens anything."""
    want = outline("fraud", config, PLACE)

    assert not [f for f in audit(want) if "public" in f.code or "wildcard" in f.code]


@settings(deadline=None)
@given(config=configs)
def test_everything_has_a_name_of_its_own(config):
    """Otherwise it could not be found again."""
    keys = [key_of(r) for r in topology("fraud", config, PLACE).resources]

    assert sorted(set(keys)) == sorted(keys)


@settings(deadline=None)
@given(config=configs)
def test_the_configuration_survives_the_cloud(config):
    """An update starts from what is there, and changes nothing it does not mention."""
    assume(config.cold_start != "snapshot" or not snapshot_impossible(config))
    around = topology("fraud", config, PLACE, bundle="sha256:1")
    want = desired("fraud", "i@sha256:1", MODEL, "", config, around=around)
    check(want)
    have = Actual(
        name="fraud", function=want.function, tags=want.tags, resources=want.resources
    )

    assert config == config_of(have)
    assert desired(
        "fraud", "i@sha256:1", MODEL, "", config_of(have),
        around=topology("fraud", config_of(have), PLACE, bundle="sha256:1"),
    ) == want  # fmt: skip


@settings(deadline=None)
@given(config=configs)
def test_every_resource_is_json(config):
    """Templates are written from the same values."""
    for resource in topology("fraud", config, PLACE).resources:
        assert json.loads(json.dumps(asdict(resource)))


def test_the_hash_changes_with_any_wish():
    """And with nothing else."""
    want = outline("fraud", parse({}), PLACE)
    others = [outline("fraud", parse(given_), PLACE) for given_ in OPTIONS[1:]]

    assert fingerprint(want) == fingerprint(outline("fraud", parse({}), PLACE))
    assert len({fingerprint(other) for other in (want, *others)}) == len(OPTIONS)
    assert fingerprint(want) == fingerprint(replace(want, note="another"))


def test_tags_say_whose_it_is():
    """Everything that is the deployment's alone; shared things are nobody's."""
    config = parse({"tags.team": "risk", "image.repository": "shared/models"})
    made = topology("fraud", config, PLACE).resources
    owners = {type(r): dict(r.tags)[names.OWNER] for r in made}

    assert {LogGroup: "fraud", Role: "fraud", Repository: "shared"} == owners
    assert "risk" == dict(one(Role, **{"tags.team": "risk"}).tags)["team"]


def test_images_of_another_account_are_used_as_they_are():
    """Its repository is not ours to make."""
    host = "210987654321.dkr.ecr.eu-central-1.amazonaws.com"
    config = parse({"image.repository": f"{host}/models"})
    around = topology("fraud", config, PLACE)

    assert f"{host}/models" == around.packing.repository
    assert Repository not in [type(r) for r in around.resources]


def test_models_are_kept_under_the_deployments_own_prefix():
    """One deployment's role reads no other's models."""
    config = parse({"image.model_store": "s3://mine/models"})
    around = topology("fraud", config, PLACE, bundle="sha256:abc")

    assert "s3://mine/models/fraud/abc" == around.settings.model_url
    assert around.settings.model_url == around.packing.model_url
    (role,) = (r for r in around.resources if isinstance(r, Role))
    assert "arn:aws:s3:::mine/models/fraud/*" in role.policy


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-central-1", "aws", "amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ],
)
def test_partitions_are_in_every_address(region, partition, suffix):
    """ARNs and hosts of GovCloud and China are their own."""
    place = Place(region=region, account="1" * 12, partition=partition_of(region))
    around = topology("fraud", parse({"url.auth": "iam"}), place)

    assert partition == place.partition
    assert around.settings.role.startswith(f"arn:{partition}:iam::")
    assert f".dkr.ecr.{region}.{suffix}/" in around.packing.repository


@pytest.mark.parametrize("name", ["Fraud", "a" * 64, "_x_", "A--B", "ok-1", "9"])
def test_names_fit_where_they_are_used(name):
    """Repositories have no capitals, roles at most 64 characters."""
    role, repository = names.role(name, "ap-southeast-1"), names.repository(name)

    assert len(role) <= 64
    assert repository == repository.lower()
    assert one_of(repository)


def one_of(repository: str) -> bool:
    """Whether the option that names repositories would take it."""
    return parse({"image.repository": repository}).image.repository == repository


def test_two_names_never_share_a_repository():
    """Though capitals are lost."""
    names_ = ["fraud", "Fraud", "FRAUD", "fraud_", "fraud-", "fra--ud", "fra-ud"]

    assert len({names.repository(name) for name in names_}) == len(names_)


def test_the_embedded_cloud_has_nothing_around():
    """Options for AWS are named, not ignored."""
    config = parse({"memory_mb": 512, "url.auth": "iam", "tags.a": "b", "kms_key": KEY})
    around = topology("fraud", config, None)

    assert () == around.resources
    assert ("kms_key", "url.auth") == only_on_aws(config)
    assert () == only_on_aws(parse({"keep_versions": 2, "allow": "x"}))


@pytest.mark.parametrize(
    ("given_", "model", "kind", "why"),
    [
        ({}, None, ColdStart.ON_DEMAND, "quickly"),
        ({}, ModelFacts(native=True), ColdStart.SNAPSHOT, "library"),
        ({}, ModelFacts(init_ms=2000), ColdStart.SNAPSHOT, "2000 ms"),
        ({}, ModelFacts(native=True, init_ms=300), ColdStart.ON_DEMAND, "quickly"),
        ({}, ModelFacts(init_ms=200), ColdStart.ON_DEMAND, "quickly"),
        ({"provisioned": 1}, ModelFacts(native=True), ColdStart.PROVISIONED, "asked"),
        ({"cold_start": "snapshot"}, None, ColdStart.SNAPSHOT, "asked"),
        ({"ephemeral_mb": 1024}, ModelFacts(native=True), ColdStart.ON_DEMAND, "512"),
        ({"mount.arn": POINT, **VPC}, ModelFacts(native=True), ColdStart.ON_DEMAND,
         "mounted"),
    ],
)  # fmt: skip
def test_one_answer_to_cold_starts_is_chosen_and_explained(given_, model, kind, why):
    """What is asked for wins; else what the model needs and the options allow."""
    chosen = choose(parse(given_), model)

    assert kind is chosen.kind
    assert why in chosen.why


def test_a_plan_of_what_is_there_is_empty():
    """Everything that topology makes compares equal with itself."""
    config = parse({"url.auth": "iam", "alarms.errors": 1, "provisioned": 1})
    want = desired(
        "fraud", "i@sha256:1", MODEL, "", config,
        around=topology("fraud", config, PLACE),
    )  # fmt: skip
    have = Actual(
        name="fraud", function=want.function, tags=want.tags, resources=want.resources
    )

    kinds_ = {type(step).__name__ for step in plan(want, have).steps}
    assert {"PublishVersion", "PointAlias"} == kinds_


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("auto", "MLFLOW_SERVERLESS_SHADOW"),
        ("shadow", "MLFLOW_SERVERLESS_SHADOW"),
        ("canary", "MLFLOW_SERVERLESS_WATCH"),
        ("Linear10PercentEvery1Minute", "MLFLOW_SERVERLESS_WATCH"),
        ("all-at-once", None),
        ("CodeDeployDefault.LambdaAllAtOnce", None),
    ],
)
def test_versions_know_what_they_are_to_say(strategy: str, told: str | None):
    """What a rollout judges is said by each version, as far as it has a rollout."""
    config = parse({"memory_mb": 512, "strategy": strategy})
    environment = dict(topology("churn", config, None).settings.environment)

    assert told is None or told in environment
    assert told is not None or not any("SERVERLESS" in name for name in environment)
