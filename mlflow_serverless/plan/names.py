"""
The names that we choose for what belongs to a deployment.

Since they are chosen, every ARN of a plan is final text; and whatever carries one of
them can be looked for without a list kept anywhere.
"""

import hashlib

PREFIX = "mlflow-serverless"

OWNER = f"{PREFIX}:owner"
"""The tag that says whose a resource is: the deployment's name."""

SHARED = "shared"
"""The owner of what several deployments use; it is never removed with one of them."""

TOOL = f"{PREFIX}:tool"
"""The tag of a function of ours that serves no model, and what it is in a word."""

DOMAIN = f"{PREFIX}:domain"
"""The tag of an HTTP API with the host name that leads to it."""

DIGEST = f"{PREFIX}:desired"
"""The tag with the hash of the desired state."""

_CONTROL, _SCHEDULE = f"{PREFIX}.control-", f"{PREFIX}.schedule-"


def repository(name: str) -> str:
    """The image repository; names there have no capital letters."""
    plain = name.lower().strip("-_").replace("--", "-").replace("__", "_")
    return f"{PREFIX}/{plain}" if plain == name else f"{PREFIX}/it-{short(name)}"


def role(name: str, region: str) -> str:
    """The execution role; roles have no region, so its name says which one."""
    return fitted(f"{PREFIX}-{name}-{region}", 64)


def log_group(name: str) -> str:
    """Where the function writes: Lambda's own choice, too."""
    return f"/aws/lambda/{name}"


def access_log_group(name: str) -> str:
    """Where the HTTP API notes its requests."""
    return f"/aws/apigateway/{PREFIX}-{name}"


def bucket(account: str, region: str) -> str:
    """The bucket that keeps models where images do not; one an account and region."""
    return f"{PREFIX}-{account}-{region}"


def api(name: str) -> str:
    """The HTTP API."""
    return f"{PREFIX}-{name}"


def alarm(name: str, what: str) -> str:
    """One alarm."""
    return f"{PREFIX}-{name}-{what}"


def dashboard(name: str, region: str) -> str:
    """The dashboard; an account's dashboards have no region, so its name says which."""
    return f"{PREFIX}-{name}-{region}"


def controller(name: str) -> str:
    """The function that drives rollouts in the account."""
    return fitted(f"{PREFIX}-control-{name}", 64)


def control_role(name: str, region: str) -> str:
    """What the controller runs as; no deployment's own role has a point in its name."""
    return fitted(f"{_CONTROL}{name}-{region}", 64)


def schedule_role(name: str, region: str) -> str:
    """What may call the controller."""
    return fitted(f"{_SCHEDULE}{name}-{region}", 64)


def schedule_group(name: str) -> str:
    """What the controller's schedules are in."""
    return fitted(f"{PREFIX}-{name}", 64)


def drives(name: str, resource: str) -> bool:
    """Whether a role or log group called *resource* is there for *name*'s rollouts."""
    roles = resource.startswith((_CONTROL, _SCHEDULE))
    return roles or resource == log_group(controller(name))


def fitted(text: str, most: int) -> str:
    """*text*; where it has more than *most* characters, its start and a digest."""
    return text if len(text) <= most else f"{text[: most - 9]}-{short(text)}"


def short(text: str) -> str:
    """Eight hexadecimal digits that stand for *text*."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
