"""What a policy wants to hear of: filters for the relay, events for the registry."""

from mlflow_serverless.reconcile.policy import Policy, Rule
from mlflow_serverless.relay.filter import Filter


def filters_of(policy: Policy) -> tuple[Filter, ...]:
    """What the relay lets through, rule by rule."""
    return tuple(dict.fromkeys(_filter(rule) for rule in policy.models))


def events_of(policy: Policy) -> list[str]:
    """MLflow's events that may change what *policy* means; none tells of stages."""
    events: list[str] = []
    if any(rule.on.alias for rule in policy.models):
        events += ["model_version_alias.created", "model_version_alias.deleted"]
    approved = any(e.approval == "tag" for e in policy.environments.values())
    tagged = any(rule.on.tag for rule in policy.models)
    if tagged or approved:
        events += ["model_version_tag.set", "model_version_tag.deleted"]
    if tagged:
        events.append("model_version.created")
    return events


def _filter(rule: Rule) -> Filter:
    on = rule.on
    if on.alias is not None:
        return Filter(rule.model, "alias", on.alias)
    if on.tag is not None:
        return Filter(rule.model, "tag", on.tag)
    return Filter(rule.model, "stage", on.stage or "")
