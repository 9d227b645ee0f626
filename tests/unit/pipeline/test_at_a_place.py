"""The same story where there is an account: refused early, planned whole."""

from dataclasses import replace

import pytest

from mlflow_serverless.apply.errors import ApplyError
from mlflow_serverless.pipeline import (
    DeployRequest,
    Intent,
    delete,
    deploy,
    gc,
    history,
    plan_only,
    rollback,
    spare,
    status,
)
from mlflow_serverless.pipeline.errors import NotADeploymentError, NothingBeforeError
from mlflow_serverless.plan import (
    Actual,
    Foreign,
    LogGroup,
    Permission,
    Place,
    PublishVersion,
    Repository,
    RouteAlias,
    SetTags,
    Weight,
    key_of,
    names,
)
from mlflow_serverless.plan.errors import (
    ForeignError,
    NoSuchFunctionError,
    NoSuchVersionError,
    NotOfferedError,
)
from mlflow_serverless.preflight import AccountFacts, Facts
from mlflow_serverless.secure import RefusedError
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.worlds import RIGHT, make_world

PLACE = Place(
    region="us-east-1", account="123456789012",
    caller="arn:aws:sts::123456789012:assumed-role/Deployer/ann",
)  # fmt: skip


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path, MemoryCloud(answer=lambda _: RIGHT, where=PLACE))


@pytest.fixture
def rooms():
    return FakeRooms()


def wish(number: int = 1, **given) -> DeployRequest:
    return DeployRequest(
        name="fraud",
        model_uri=f"models:/fraud/{number}",
        given={"record": False, **given},
    )


def test_all_around_is_made_and_a_second_run_changes_nothing(world, rooms):
    """And asking it through its alias works."""
    given = {"url.auth": "iam", "api.auth": "iam", "alarms.errors": 1}
    deploy(wish(**given), world, rooms)
    have = world.cloud.snapshot("fraud")

    assert {
        "log group", "role", "image repository", "function URL", "permission",
        "HTTP API", "alarm",
    } == {resource.kind for resource in have.resources}  # fmt: skip
    assert () == deploy(wish(**given), world, rooms).changed
    (packing, *_) = world.cloud.packings
    assert "123456789012.dkr.ecr.us-east-1.amazonaws.com/mlflow-serverless/fraud" == (
        packing.repository
    )


def test_the_new_version_is_asked_before_traffic_moves_and_doors_open(world, rooms):
    """A version that answers wrongly is never behind a door."""
    world.cloud.answer = lambda _: b'{"predictions": [2.0]}'
    with pytest.raises(Exception, match="first answer"):
        deploy(wish(**{"url.auth": "iam"}), world, rooms)

    have = world.cloud.snapshot("fraud")
    assert () == have.aliases
    assert "function URL" not in {r.kind for r in have.resources}


def test_what_the_audit_refuses_is_refused_before_anything_is_built(world, rooms):
    """Not even the model is looked for; allowed by name, it goes through."""
    with pytest.raises(RefusedError, match="public-url"):
        deploy(wish(**{"url.auth": "public"}), world, rooms)

    assert not rooms.visits
    assert [] == world.cloud.performed
    allowed = {"url.auth": "public", "allow": "public-url"}
    assert deploy(wish(**allowed), world, rooms).changed
    said = [f["what"] for event, f in world.tell.events if event == "audit.warning"]
    assert ["allowed: everybody can call the function URL of live [public-url]"] == said


def test_what_preflight_refuses_is_refused_before_anything_is_built(world, rooms):
    """With the number to type."""
    world.cloud.known = Facts(account=AccountFacts(concurrency=10, unreserved=10))

    with pytest.raises(RefusedError, match="concurrency-quota"):
        deploy(wish(provisioned=5), world, rooms)

    assert not rooms.visits


def test_the_model_is_held_against_the_function_once_it_is_built(world, rooms):
    """A second look, with the bundle's size and its example."""
    deploy(wish(), world, rooms)

    first, second = world.cloud.surveyed
    assert "" == first.function.artifact
    assert second.function.artifact.startswith("sha256:")


def test_on_the_embedded_cloud_options_for_aws_are_refused(tmp_path, rooms):
    """By name; none is ignored."""
    world = make_world(tmp_path)

    for ask in (deploy, plan_only):
        with pytest.raises(NotOfferedError, match=r"kms_key, no url\.auth"):
            ask(wish(**{"url.auth": "iam", "kms_key": KEY}), world, rooms)
    assert not rooms.visits


KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


def test_on_the_embedded_cloud_a_secret_is_a_warning(tmp_path, rooms):
    """Nobody else can look there."""
    world = make_world(tmp_path)
    request = wish(**{"environment.DB_PASSWORD": "hunter22222"})

    proposal = plan_only(request, world, rooms)

    assert [Weight.WARNING] == [f.weight for f in proposal.findings]
    assert deploy(request, world, rooms).changed


def test_a_plan_says_what_is_found_what_it_costs_and_how_it_starts(world, rooms):
    """Refusals are shown, not raised; nothing is touched."""
    proposal = plan_only(wish(**{"url.auth": "public"}), world, rooms)

    assert ["public-url", "memory"] == [finding.code for finding in proposal.findings]
    assert proposal.costs
    assert proposal.cold_start.startswith("on-demand: ")
    assert [] == world.cloud.performed


def test_what_somebody_else_made_is_not_touched_unless_adopted(world, rooms):
    """The log group was there, kept for ever."""
    log = LogGroup(name=names.log_group("fraud"), retention_days=None)
    world.cloud.state["fraud"] = Actual(name="fraud", foreign=(log,))

    with pytest.raises(ForeignError, match="log group /aws/lambda/fraud"):
        deploy(wish(), world, rooms)
    assert [] == world.cloud.performed
    assert not rooms.visits

    deploy(replace(wish(), foreign=Foreign.ADOPT), world, rooms)
    have = world.cloud.snapshot("fraud")
    assert 30 == have.resource(key_of(log)).retention_days
    assert () == have.foreign


def test_what_stands_beside_it_is_reported_and_left(world, rooms):
    """A permission that somebody gave by hand."""
    given = Permission(sid="by-hand", qualifier="live", principal="210987654321")
    deploy(wish(), world, rooms)
    have = world.cloud.snapshot("fraud")
    world.cloud.state["fraud"] = replace(have, foreign=(given,))

    proposal = plan_only(wish(), world, rooms)

    assert ["memory", "left-alone"] == [finding.code for finding in proposal.findings]
    assert not proposal.plan
    assert given in world.cloud.snapshot("fraud").foreign


def test_an_update_keeps_what_it_does_not_mention(world, rooms):
    """What stands around it, too."""
    deploy(wish(**{"url.auth": "iam", "provisioned": 2}), world, rooms)
    before = world.cloud.snapshot("fraud").resources

    deploy(replace(wish(2), intent=Intent.UPDATE, given={}), world, rooms)

    assert before == world.cloud.snapshot("fraud").resources


def test_deleting_leaves_only_what_others_share(world, rooms):
    """Twice is once."""
    deploy(wish(**{"image.repository": "shared/models"}), world, rooms)

    assert delete("fraud", world)
    assert not delete("fraud", world)
    (left,) = world.cloud.snapshot("fraud").resources
    assert isinstance(left, Repository)


def test_history_says_who_published_what(world, rooms):
    """Newest first."""
    deploy(wish(1), world, rooms)
    deploy(wish(2), world, rooms)

    assert [
        ("2", "models:/fraud/2", "assumed-role/Deployer/ann"),
        ("1", "models:/fraud/1", "assumed-role/Deployer/ann"),
    ] == [(p.version, p.model, p.by) for p in history("fraud", world)]


def test_a_tool_is_not_taken_for_a_deployment(world, rooms):
    """
    A relay is nothing that serves a model: it is neither shown, replaced nor deleted.
    """
    made = deploy(wish(), world, rooms)
    tags = dict(world.cloud.snapshot(made.name).tags) | {names.TOOL: "relay"}
    world.cloud.perform(SetTags(made.name, tuple(sorted(tags.items()))))
    steps = len(world.cloud.performed)

    for ask in (
        lambda: delete(made.name, world),
        lambda: status(made.name, world),
        lambda: deploy(wish(2), world, rooms),
    ):
        with pytest.raises(NotADeploymentError, match="relay"):
            ask()

    assert len(world.cloud.performed) == steps


def test_what_stops_says_all_that_is_done_and_left(world, rooms):
    """Of the whole plan, though traffic moves only after the new version was asked."""
    plans = plan_only(wish(1), world, rooms).plan.steps
    kept = world.cloud.perform

    def perform(one):
        if isinstance(one, PublishVersion):
            raise NoSuchFunctionError("fraud")
        kept(one)

    world.cloud.perform = perform
    with pytest.raises(ApplyError) as stopped:
        deploy(wish(1), world, rooms)

    assert plans == (*stopped.value.done, *stopped.value.left)
    assert isinstance(stopped.value.left[0], PublishVersion)


def test_rolling_back_is_one_move_and_builds_nothing(world, rooms):
    """
    To the version before; then to a named one; then there is nothing before.

    Who did it is noted first, so that nothing undoes the move; then one step moves the
    alias, from where it was seen.
    """
    for number in (1, 2, 3):
        deploy(wish(number), world, rooms)
    visits, steps = rooms.visits.copy(), len(world.cloud.performed)

    first = rollback("fraud", world)
    assert ("3", "2", "models:/fraud/2", True) == (
        first.before, first.now.version, first.now.model, first.changed,
    )  # fmt: skip
    assert ("live",) == first.now.aliases
    assert "1" == rollback("fraud", world, to="1").now.version
    assert not rollback("fraud", world, to="1").changed
    with pytest.raises(NothingBeforeError):
        rollback("fraud", world)
    with pytest.raises(NoSuchVersionError, match="7"):
        rollback("fraud", world, to="7")

    assert visits == rooms.visits
    taken = world.cloud.performed[steps:]
    assert [SetTags, RouteAlias] * 2 == [type(step) for step in taken]
    assert all(taken[at].revision for at in (1, 3))


def test_rolling_back_an_unfinished_rollout_returns_to_where_it_started(world, rooms):
    """The primary version gets all traffic again."""
    deploy(wish(1), world, rooms)
    deploy(wish(2), world, rooms)
    world.cloud.perform(RouteAlias("fraud", "live", "1", (("2", 0.1),), "note"))

    moved = rollback("fraud", world)

    alias = world.cloud.snapshot("fraud").alias("live")
    assert ("1", ()) == (alias.version, alias.weights)
    assert moved.changed


def test_what_is_spare_is_said_before_it_goes(world, rooms):
    """And what still serves stays, however old it is."""
    for number in range(1, 5):
        deploy(wish(number), world, rooms)
    rollback("fraud", world, to="1")
    said = spare("fraud", world, keep=2)
    assert 4 == len(world.cloud.snapshot("fraud").versions)

    gone = gc("fraud", world, keep=2)

    assert said == gone
    have = world.cloud.snapshot("fraud")
    assert ["1", "3", "4"] == [version.number for version in have.versions]
    assert not gc("fraud", world, keep=2).plan
    assert 3 == len(have.artifacts)


def test_how_many_are_kept_is_configured(world, rooms):
    """Unless it is said."""
    for number in range(1, 5):
        deploy(wish(number, keep_versions=3), world, rooms)

    assert 2 == len(spare("fraud", world).plan.steps)
