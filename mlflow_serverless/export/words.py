"""What both kinds of template say in the same words."""

from mlflow_serverless.plan import Alarm

POLICY = "mlflow-serverless"
"""Name of a role's one inline policy, as `apply` gives it."""

CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
"""Of a bucket that is never public."""

CALLER = "apigateway.amazonaws.com"
"""Who calls the function of an HTTP API."""

_PLAIN = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})


def statistic(alarm: Alarm) -> str:
    """The property that an alarm's statistic is: percentiles have one of their own."""
    return "Statistic" if alarm.statistic in _PLAIN else "ExtendedStatistic"
