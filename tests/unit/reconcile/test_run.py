"""One pass: what is deployed becomes what the registry and the policy say."""

from dataclasses import replace

import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.lineage import read_cause
from mlflow_serverless.pipeline.desired import tag
from mlflow_serverless.plan import Place, PointAlias, RouteAlias
from mlflow_serverless.reconcile import Told
from mlflow_serverless.reconcile.errors import IntentsMovedError, NothingNamedError
from mlflow_serverless.reconcile.outcome import exit_code
from mlflow_serverless.reconcile.recorded import timeline
from tests.fakes.scene import CHAIN, PLAIN

CODES = {kind: number for number, kind in enumerate(Kind, 1)}


def test_a_deployment_follows_the_alias(stage):
    """
    Set: deployed. Moved: updated. Moved back: rolled back. Nothing moved: left alone.
    """
    stage.registry.point("fraud", "champion", 1)
    first = stage.said(stage.once())
    stage.registry.point("fraud", "champion", 2)
    second = stage.said(stage.once())
    stage.registry.point("fraud", "champion", 1)
    third = stage.said(stage.once())
    fourth = stage.said(stage.once())

    assert [("fraud", "Deploy", "done")] == first
    assert [("fraud", "Update", "done")] == second
    assert [("fraud", "RollBack", "done")] == third
    assert [("fraud", "Ignore", "ignored")] == fourth
    assert "models:/fraud/1" == stage.serves()


def test_going_back_builds_nothing(stage):
    """
    The earlier version is published: one move of the alias, no room is entered.
    """
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    stage.registry.point("fraud", "champion", 1)
    visits, taken = stage.rooms.visits.copy(), len(stage.cloud.performed)
    (outcome,) = stage.once().outcomes
    moves = [
        s
        for s in stage.cloud.performed[taken:]
        if isinstance(s, PointAlias | RouteAlias)
    ]

    assert visits == stage.rooms.visits
    assert 1 == len(moves)
    assert 2 == len(stage.cloud.snapshot("fraud").versions)
    assert "published" in outcome.intent.why


def test_forward_again_after_going_back(stage):
    """
    The later version is meant again: it is updated to, without another version.
    """
    for number in (1, 2, 1, 2):
        stage.registry.point("fraud", "champion", number)
        result = stage.once()

    assert [("fraud", "Update", "done")] == stage.said(result)
    assert "models:/fraud/2" == stage.serves()
    assert 2 == len(stage.cloud.snapshot("fraud").versions)


def test_a_late_event_cannot_roll_production_back(stage):
    """
    `champion→1` is sent again after `champion→2`, as MLflow's retries do: whatever
    woke us, the registry says 2.
    """
    stage.registry.point("fraud", "champion", 1)
    late = stage.registry.events[-1]
    stage.registry.point("fraud", "champion", 2)
    stage.once()
    (outcome,) = stage.once().outcomes

    assert '"version": "1"' in late
    assert "ignored" == outcome.state
    assert "models:/fraud/2" == stage.serves()


def test_a_refusal_does_not_stop_the_others(stage):
    """
    One deployment fails, the next is done; the exit code says that a gate refused.
    """
    stage.policy = (
        PLAIN + "  - {model: churn, on: {alias: champion}, config: {record: false}}\n"
    )
    stage.registry.register("churn")
    for name in ("fraud", "churn"):
        stage.registry.point(name, "champion", 1)
    answers = iter([b'{"predictions": [2.0]}', b'{"predictions": [1.0]}'])
    stage.cloud.answer = lambda _: next(answers)
    result = stage.once()

    assert [("fraud", "Deploy", "failed"), ("churn", "Deploy", "done")] == stage.said(
        result
    )
    assert "smoke-failed" == result.outcomes[0].error.code
    assert CODES[Kind.REFUSED] == exit_code(result.outcomes, CODES)
    assert "" == stage.serves("fraud")
    assert "models:/churn/1" == stage.serves("churn")


def test_what_nobody_foresaw_does_not_stop_the_others(stage):
    """
    A bug in one deployment is told with its name; the next is done.
    """
    stage.policy = PLAIN + "  - {model: churn, on: {alias: champion}}\n"
    stage.policy = stage.policy.replace(
        "champion}}", "champion}, config: {record: false}}"
    )
    stage.registry.register("churn")
    for name in ("fraud", "churn"):
        stage.registry.point(name, "champion", 1)
    convert = stage.rooms.convert

    def broken(model, folder):
        if "fraud" in model.uri:
            raise ZeroDivisionError("of all things")
        return convert(model, folder)

    stage.rooms.convert = broken
    first, second = stage.once().outcomes

    assert ("failed", "done") == (first.state, second.state)
    assert "fraud: ZeroDivisionError: of all things" == first.error.message
    assert CODES[Kind.INTERNAL] == exit_code((first, second), CODES)


def test_the_order_in_the_file_does_not_matter(stage):
    """
    Production is written first, and still comes after staging, in one pass.
    """
    stage.policy = """
version: 1
environments:
  production: {after: staging}
  staging: {name: "{model}-staging"}
models:
  - {model: fraud, on: {alias: champion}, config: {record: false}}
"""
    stage.registry.point("fraud", "champion", 1)

    assert [("fraud-staging", "Deploy", "done"), ("fraud", "Promote", "done")] == (
        stage.said(stage.once())
    )


def test_a_dry_run_changes_nothing(stage):
    """
    Intents and steps are shown, no step is taken, and the exit code says so.
    """
    stage.registry.point("fraud", "champion", 1)
    result = stage.proposed()

    assert [("fraud", "Deploy", "pending")] == stage.said(result)
    assert any("create function fraud" in step for step in result.outcomes[0].steps)
    assert [] == stage.cloud.performed
    assert {} == dict(stage.registry.found["fraud"].versions[0].tags)
    assert 10 == exit_code(result.outcomes, CODES)


def test_what_was_agreed_to_is_what_is_done(stage):
    """
    The registry moved between the plan and the run: refused; the same plan: done.
    """
    stage.registry.point("fraud", "champion", 1)
    agreed = stage.proposed().digest
    stage.registry.point("fraud", "champion", 2)
    with pytest.raises(IntentsMovedError):
        stage.once(expect=agreed)
    untouched = stage.serves()
    stage.registry.point("fraud", "champion", 1)
    stage.once(expect=agreed)

    assert "" == untouched
    assert "models:/fraud/1" == stage.serves()


def test_another_configuration_is_another_plan(stage):
    """
    The same model, and what it would be configured with has changed since: refused.
    """
    stage.registry.point("fraud", "champion", 1)
    agreed = stage.proposed().digest
    stage.policy = PLAIN.replace("{record: false}", "{record: false, memory_mb: 9216}")
    with pytest.raises(IntentsMovedError):
        stage.once(expect=agreed)

    assert "" == stage.serves()


def test_a_retry_of_what_there_is_not_is_refused(stage):
    """
    Rather than taken and forgotten; with what was meant.
    """
    told = Told(retry=frozenset({"fruad"}))
    with pytest.raises(NothingNamedError, match="did you mean --retry fraud"):
        stage.once(scene={"told": told})


def test_environments_come_one_after_another(stage):
    """
    Staging first; production waits for the approver's tag on that very version.
    """
    stage.policy = CHAIN
    stage.registry.point("fraud", "champion", 1)
    first = stage.said(stage.once())
    stage.registry.tag(
        "models:/fraud/1", "mlflow-serverless.approved.production", "eve"
    )
    second = stage.said(stage.once())
    cause = read_cause(tag(stage.cloud.snapshot("fraud"), "cause"))
    stage.registry.point("fraud", "champion", 2)
    third = stage.said(stage.once())

    assert [("fraud-staging", "Deploy", "done"), ("fraud", "Wait", "waiting")] == first
    assert ("fraud", "Promote", "done") == second[1]
    assert ("ann", "eve") == (cause.actor, cause.approved_by)
    assert [("fraud-staging", "Update", "done"), ("fraud", "Wait", "waiting")] == third
    assert "models:/fraud/1" == stage.serves("fraud")


def test_a_run_may_approve(stage):
    """
    `approval: run` waits until the run itself says who agreed.
    """
    stage.policy = CHAIN.replace("approval: tag", "approval: run")
    stage.registry.point("fraud", "champion", 1)
    first = stage.said(stage.once())
    second = stage.said(stage.once(scene={"told": Told({"production": "eve"})}))

    assert ("fraud", "Wait", "waiting") == first[1]
    assert ("fraud", "Promote", "done") == second[1]


def test_production_goes_back_without_asking(stage):
    """
    A move back to what has served before needs no approval: it cannot wait.
    """
    stage.policy = CHAIN
    for number in (1, 2):
        tagged = "mlflow-serverless.approved.production"
        stage.registry.tag(f"models:/fraud/{number}", tagged, "eve")
        stage.registry.point("fraud", "champion", number)
        stage.once()
    stage.policy = CHAIN.replace("approval: tag", "approval: run")
    stage.registry.point("fraud", "champion", 1)
    result = stage.said(stage.once())

    assert [
        ("fraud-staging", "RollBack", "done"),
        ("fraud", "RollBack", "done"),
    ] == result


def test_tags_and_stages_mean_versions_too(stage):
    """
    The newest version with the tag's value, or in the stage.
    """
    stage.policy = PLAIN.replace("{alias: champion}", "{tag: deploy, value: 'yes'}")
    stage.registry.tag("models:/fraud/1", "deploy", "yes")
    stage.registry.tag("models:/fraud/3", "deploy", "no")
    stage.once()
    by_tag = stage.serves()
    stage.policy = PLAIN.replace("{alias: champion}", "{stage: Production}")
    stage.registry.stage("fraud", 3, "Production")
    stage.once()

    assert "models:/fraud/1" == by_tag
    assert "models:/fraud/3" == stage.serves()


def test_nothing_is_retired_unless_the_policy_says_so(stage):
    """
    The alias is deleted: kept by default, taken away with `retire: delete`.
    """
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    stage.registry.drop("fraud", "champion")
    kept = stage.said(stage.once())
    stage.policy = PLAIN + "    retire: delete\n"
    gone = stage.said(stage.once())
    again = stage.said(stage.once())

    assert [("fraud", "Ignore", "ignored")] == kept
    assert [("fraud", "Retire", "done")] == gone
    assert () == stage.cloud.names()
    assert [("fraud", "Ignore", "ignored")] == again


def test_an_empty_registry_retires_nothing(stage):
    """
    The wrong store has none of our models: that is no reason to take them away.
    """
    stage.policy = PLAIN + "    retire: delete\n"
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    stage.registry.found.clear()

    assert [("fraud", "Ignore", "ignored")] == stage.said(stage.once())
    assert "models:/fraud/1" == stage.serves()


def by_tag(stage):
    stage.registry.tag("models:/fraud/2", "mlflow_serverless.fraud.refused", "p95 +40%")


def by_rollout(stage):
    note = '{"r":1,"b":"1","c":"2","s":"b","w":"p95 +40%"}'
    stage.cloud.perform(RouteAlias("fraud", "live", "1", note=note))


@pytest.mark.parametrize("refuse", [by_tag, by_rollout])
def test_a_version_that_lost_its_traffic_is_not_tried_again(stage, refuse):
    """
    A rollout rolled it back, or somebody says so: it waits for a newer version, or for
    somebody to say that it may try again.
    """
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    stage.cloud.perform(RouteAlias("fraud", "live", "1"))
    refuse(stage)
    (held,) = stage.once().outcomes
    after = stage.serves()
    again = stage.said(stage.once(scene={"told": Told(retry=frozenset({"fraud"}))}))

    assert "waiting" == held.state
    assert "p95 +40%" in held.intent.why
    assert "models:/fraud/1" == after
    assert [("fraud", "Update", "done")] == again
    assert "models:/fraud/2" == stage.serves()


@pytest.mark.parametrize(
    ("state", "alias", "wants", "intent"),
    [
        ("w", "1", 2, "Wait"),
        ("s", "1", 2, "Wait"),
        ("s", "1", 3, "Wait"),
        ("s", "1", 1, "RollBack"),
        ("g", "2", 2, "Ignore"),
        ("g", "2", 3, "Wait"),
        ("g", "2", 1, "RollBack"),
        ("d", "2", 3, "Update"),
        ("b", "1", 3, "Update"),
    ],
)
def test_a_rollout_without_weights_counts_too(stage, state, alias, wants, intent):
    """
    Waiting, in shadow, guarded, over: the alias's note says so, and is believed.
    """
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    note = f'{{"r":1,"b":"1","c":"2","s":"{state}"}}'
    stage.cloud.perform(RouteAlias("fraud", "live", alias, note=note))
    stage.registry.point("fraud", "champion", wants)
    (outcome,) = stage.once().outcomes

    assert intent == type(outcome.intent).__name__


def test_a_change_of_the_policy_is_an_update(stage):
    """
    Same model, other memory: updated once.
    """
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    stage.policy = PLAIN.replace("{record: false}", "{record: false, memory_mb: 2048}")
    (changed,) = stage.once().outcomes

    assert "Update" == type(changed.intent).__name__
    assert "memory_mb" in changed.intent.why
    assert [("fraud", "Ignore", "ignored")] == stage.said(stage.once())
    assert 2048 == stage.cloud.snapshot("fraud").function.settings.memory_mb


def test_a_rollout_is_left_to_whoever_leads_it(stage):
    """
    Traffic is shared: towards what is meant, wait; away from it, back at once.
    """
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    stage.cloud.perform(RouteAlias("fraud", "live", "1", weights=(("2", 0.1),)))
    towards = stage.said(stage.once())
    stage.registry.point("fraud", "champion", 3)
    third = stage.said(stage.once())
    stage.registry.point("fraud", "champion", 1)
    away = stage.said(stage.once())

    assert [("fraud", "Wait", "waiting")] == towards == third
    assert [("fraud", "RollBack", "done")] == away
    assert "models:/fraud/1" == stage.serves()


def test_who_moved_it_meanwhile_wins_and_we_look_again(stage):
    """
    While we build 1 the registry moves to 2 and another pass deploys it: our move is
    refused, and the next look finds 2 as it should be.
    """
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    stage.registry.point("fraud", "champion", 3)
    build = stage.rooms.convert

    def meanwhile(model, folder):
        stage.rooms.convert = build
        stage.registry.point("fraud", "champion", 2)
        assert [("fraud", "Update", "done")] == stage.said(stage.once())
        return build(model, folder)

    stage.rooms.convert = meanwhile
    result = stage.said(stage.once())

    assert [("fraud", "Ignore", "ignored")] == result
    assert "models:/fraud/2" == stage.serves()
    assert any("moved" in str(f.get("what")) for _, f in stage.heard.events)


def test_only_keeps_to_what_is_named(stage):
    """
    A model, a deployment or an environment; anything else is refused with a guess.
    """
    stage.policy = CHAIN
    stage.registry.point("fraud", "champion", 1)
    result = stage.said(stage.once(scene={"only": ("production",)}))
    with pytest.raises(NothingNamedError, match="did you mean --only production"):
        stage.once(scene={"only": ("prodction",)})

    assert [("fraud", "Wait", "waiting")] == result


def test_the_first_rule_counts(stage):
    """
    Two rules that mean one deployment: the first; the other says why not.
    """
    stage.policy = PLAIN + "  - {model: 'fr*', on: {alias: challenger}}\n"
    stage.registry.point("fraud", "champion", 1)
    stage.registry.point("fraud", "challenger", 2)
    first, second = stage.once().outcomes

    assert ("done", "ignored") == (first.state, second.state)
    assert "rule 1 for fraud means the same deployment" in second.intent.why
    assert "models:/fraud/1" == stage.serves()


def history_of(stage, target: str = "lambda:/eu-west-1"):
    """As whoever names the deployment's place by *target* is told it."""
    where = stage.world(target).where()
    return timeline("fraud", target, ["fraud"], stage.registry, where=where)


def test_the_history_says_what_served_when_and_why(stage):
    """
    Every move is kept on the model version it is about, with its cause.
    """
    for number in (1, 2, 1):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    moves = history_of(stage)

    assert ["models:/fraud/1", "models:/fraud/2", "models:/fraud/1"] == [
        move.model for move in moves
    ]
    assert ["returns", "serves", "serves"] == [move.does.value for move in moves]
    assert {"ann"} == {move.cause.actor for move in moves}
    assert "production" == moves[0].environment


def test_what_was_deployed_by_hand_enters_the_history(stage):
    """
    The next pass finds it serving, and writes it down once.
    """
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    for version in stage.registry.found["fraud"].versions:
        stage.registry._change("fraud", version.number, tags={})
    stage.once()
    stage.once()
    (move,) = history_of(stage)

    assert ("models:/fraud/1", "found serving") == (move.model, move.why)


def test_one_place_has_one_history(stage):
    """
    Whichever target leads there, and whoever typed it; another region's is another.
    """
    place = Place(region="eu-west-1", account="123456789012")
    stage.cloud.where = place
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    by_region = history_of(stage)
    by_environment = history_of(stage, "lambda")
    by_role = history_of(stage, "lambda:/eu-west-1/arn:aws:iam::123456789012:role/me")
    stage.once()

    assert 1 == len(by_region)
    assert by_region == by_environment == by_role == history_of(stage)
    stage.cloud.where = replace(place, region="us-east-1")
    assert [] == history_of(stage, "lambda")


def test_the_same_again_costs_no_step(stage):
    """
    Another cause is no reason to change anything.
    """
    stage.registry.point("fraud", "champion", 1)
    stage.once()
    taken = len(stage.cloud.performed)
    scene = stage.scene()
    stage.once(cause=replace(stage.wish().cause, actor="bob"))

    assert taken == len(stage.cloud.performed)
    assert "ann" == read_cause(tag(stage.cloud.snapshot("fraud"), "cause")).actor
    assert scene.policy == stage.scene().policy
