"""The front door: a deployment's URL, asked as its callers ask it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.pipeline.ask import parsed
from mlflow_serverless.pipeline.errors import FrontDoorError, UnreachableUrlError
from mlflow_serverless.pipeline.smoke import Question, difference
from mlflow_serverless.plan import (
    Actual,
    Alias,
    Desired,
    FunctionUrl,
    HttpApi,
    RouteAlias,
    content_of,
)
from mlflow_serverless.report import step
from mlflow_serverless.world import Doors, World

PATIENCE_S = 60.0
"""Longest wait for one answer [s]."""

_LOCKED = (401, 403)
"""What a door says to those whom it does not let in."""
_SAID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Front:
    """One way in over HTTP."""

    url: str
    """Without the path."""
    auth: str
    """`AWS_IAM`, `JWT` or `NONE`."""
    service: str
    """What requests are signed for."""


def fronts(have: Actual) -> Iterator[Front]:
    """The doors of a deployment whose URLs are known."""
    outputs = dict(have.outputs)
    for resource in have.resources:
        match resource:
            case FunctionUrl():
                url, service = outputs.get("url", ""), "lambda"
            case HttpApi():
                url, service = outputs.get("api_url", ""), "execute-api"
            case _:
                continue
        if url:
            yield Front(url.rstrip("/"), resource.auth, service)


def post(
    url: str, body: bytes, doors: Doors | None, *, bearer: str = ""
) -> tuple[int, bytes]:
    """
    Status and answer of `/invocations` under *url*; signed where AWS listens.

    Args:
        url: With or without the path.
        body: JSON.
        doors: Signs; None for nobody.
        bearer: A token to bring along instead.

    Raises:
        UnreachableUrlError: Nobody answers, or it is no address of the web.
    """
    address = url if url.endswith("/invocations") else f"{url.rstrip('/')}/invocations"
    if not address.startswith(("http://", "https://")):
        raise UnreachableUrlError(url, "it is neither http nor https")
    signed = doors.sign(address, body) if doors else {}
    known = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    headers = {"Content-Type": "application/json", **known, **signed}
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - http or https, checked above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:  # noqa: S310
            return reply.status, reply.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
    except OSError as cause:
        why = str(getattr(cause, "reason", cause))
        raise UnreachableUrlError(address, why) from cause


def enter(
    want: Desired, question: Question | None, before: Alias | None, world: World
) -> str:
    """
    Ask every door of a deployment whose traffic has just moved.

    A change takes a moment until all of AWS knows it, so a door that does not answer
    rightly is asked again for as long as the cloud says. A door that wants a token
    is asked without one, and has to refuse.

    Args:
        want: What was deployed.
        question: What to ask; nothing if None.
        before: Where the alias led until now; None if there was none.
        world: Where it is.

    Returns:
        What came of it, in words; empty if there is no door, or traffic has not moved.

    Raises:
        FrontDoorError: A door fails; traffic is where it was before.
    """
    name = want.function.name
    have = world.cloud.snapshot(name)
    if question is None or not have.serves(want.alias, content_of(want.function)):
        return ""
    said = []
    for front in fronts(have):
        with step(world.tell, "front", front.url) as shown:
            status, wrong = _patiently(front, question, world.doors)
            if wrong:
                back = _back(name, want.alias, before, world)
                raise FrontDoorError(name, front.url, status, wrong, back)
            said.append(_RIGHT.get(front.auth, "answers as the model does"))
            shown.say(f"{front.url} {said[-1]}", status=status)
    return "; ".join(f"its URL {one}" for one in said)


_RIGHT = {"JWT": "refuses whoever has no token"}


def _patiently(
    front: Front, question: Question, doors: Doors | None
) -> tuple[int, str]:
    """The last status (0 if nobody answers), and what is wrong; empty if nothing."""
    pauses = doors.pauses() if doors else iter(())
    status, wrong = 0, ""
    for pause in chain([0.0], pauses):
        time.sleep(pause)
        status, wrong = _once(front, question, doors)
        if not wrong:
            break
    return status, wrong


def _once(front: Front, question: Question, doors: Doors | None) -> tuple[int, str]:
    signing = doors if front.auth == "AWS_IAM" else None
    try:
        status, body = post(front.url, question.payload, signing)
    except UnreachableUrlError as error:
        return 0, error.why
    if front.auth == "JWT":
        locked = status in _LOCKED
        return status, "" if locked else "it lets in whoever has no token"
    if status != 200:
        text = " ".join(body[:_SAID_CHARS].decode(errors="replace").split())
        return status, text or "it gives no reason"
    return status, difference(json.loads(question.answer), parsed(body))


def _back(name: str, alias: str, before: Alias | None, world: World) -> str:
    """Send traffic where it went before; what was done, in words."""
    now = world.cloud.snapshot(name).alias(alias)
    if before is None or now is None:
        return f"There is no earlier version to go back to: {alias} stays as it is."
    if (now.version, now.weights) == (before.version, before.weights):
        return f"{alias} served version {now.version} before, too, and stays so."
    try:
        world.cloud.perform(
            RouteAlias(
                name, alias, before.version, before.weights, before.note, now.revision
            )
        )
    except ServerlessError as error:
        return f"Traffic could not go back to version {before.version}: {error.message}"
    what = f"{name}:{alias} serves version {before.version} again"
    world.tell("rollback.done", what=what)
    return f"{alias} serves version {before.version} again."
