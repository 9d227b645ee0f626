"""How a deployment is called: from Python, and with curl through each of its doors."""

from collections.abc import Iterator

from mlflow_serverless.pipeline.front import fronts
from mlflow_serverless.plan import Actual

_POST = "-H 'content-type: application/json' --data @request.json"
_SIGNED = (
    '--aws-sigv4 "aws:amz:{region}:{service}" '
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" '
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"'
)
_BEARER = '-H "authorization: Bearer $TOKEN"'


def calls(have: Actual, alias: str, target: str) -> tuple[str, ...]:
    """
    Lines to type or to paste.

    Args:
        have: The deployment, with what the cloud has chosen (`outputs`).
        alias: Which alias is called.
        target: Where it is.
    """
    name = have.name if alias == "live" else f"{have.name}:{alias}"
    python = f'mlflow_serverless.predict("{name}", rows, target="{target}")'
    return (python, *_curls(have))


def _curls(have: Actual) -> Iterator[str]:
    arn = dict(have.outputs).get("function_arn", "")
    region = [*arn.split(":"), "", "", "", ""][3]
    for front in fronts(have):
        shown = _allowed(front.auth).format(region=region, service=front.service)
        yield " ".join(filter(None, ("curl", f"{front.url}/invocations", shown, _POST)))


def _allowed(auth: str) -> str:
    """What curl has to bring along."""
    return {"AWS_IAM": _SIGNED, "JWT": _BEARER, "NONE": ""}[auth]
