"""The part of the Lambda API that functions themselves call: an alias, and "later".

`GET  …/functions/NAME/aliases/ALIAS`                      as GetAlias
`POST …/functions/NAME/invocations?Qualifier=VERSION`      as Invoke, `Event` only

It listens on loopback; every path begins with a secret that only our own environments
are told. What is invoked later runs beside callers' requests, never in their place:
where there is no room to spare it is turned away.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import ASYNC_PAYLOAD_BYTES
from mlflow_serverless.local import process
from mlflow_serverless.local.fleet import Fleet
from mlflow_serverless.local.route import Target, choose
from mlflow_serverless.local.runtime_api import Ask, Tell
from mlflow_serverless.plan import Actual, Alias

FUNCTIONS = "/2015-03-31/functions/"
AT_ONCE = 2
"""Most requests of one version that run later at the same time."""

WAITING = 64
"""Most that wait for their turn; Lambda would keep more, for hours."""


class LambdaApi:
    """
    Answers functions' calls.

    Args:
        secret: What every path begins with.
        look: From a name to what is deployed there.
        fleet: Where requests run.
    """

    def __init__(
        self, secret: str, look: Callable[[str], Actual], fleet: Fleet
    ) -> None:
        self._secret, self._look, self._fleet = secret, look, fleet
        self._turns: dict[tuple[str, str, str], asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, ask: Ask) -> Tell:
        """Answer one call."""
        url = urlsplit(ask.path)
        prefix = f"/{self._secret}{FUNCTIONS}"
        if not url.path.startswith(prefix):
            return _refusal(403, "AccessDeniedException", "not a call of ours")
        name, _, rest = url.path.removeprefix(prefix).partition("/")
        try:
            have = self._look(name)
            if ask.method == "GET" and rest.startswith("aliases/"):
                return _alias(have, rest.removeprefix("aliases/"))
            if ask.method == "POST" and rest == "invocations":
                qualifier = parse_qs(url.query).get("Qualifier", ["$LATEST"])[0]
                return self._later(have, qualifier, ask)
        except ServerlessError as error:
            return _refusal(404, "ResourceNotFoundException", error.message)
        return _refusal(404, "ResourceNotFoundException", f"{ask.method} {rest}")

    async def close(self) -> None:
        """Give up what still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, have: Actual, qualifier: str, ask: Ask) -> Tell:
        if ask.headers.get("x-amz-invocation-type") != "Event":
            return _refusal(400, "InvalidParameterValueException", "Event only")
        if not ask.whole or len(ask.body) > ASYNC_PAYLOAD_BYTES:
            return _refusal(413, "RequestTooLargeException", "more than 1 MB")
        target = choose(have, qualifier, 0.0)
        if len(self._tasks) >= WAITING or not self._fleet.spare(target):
            return _refusal(429, "TooManyRequestsException", "no room to spare")
        task = asyncio.get_running_loop().create_task(
            self._run(target, ask.body, qualifier)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Tell(202)

    async def _run(self, target: Target, event: bytes, qualifier: str) -> None:
        turn = self._turns.setdefault(target.key, asyncio.Semaphore(AT_ONCE))
        async with turn:
            # Nobody waits for it; how it went is in the function's own log.
            with suppress(ServerlessError):
                await self._fleet.answer(target, event, qualifier)


def _alias(have: Actual, name: str) -> Tell:
    alias = have.alias(name)
    if alias is None:
        return _refusal(404, "ResourceNotFoundException", f"no alias {name}")
    body = json.dumps(_described(have, alias)).encode()
    return Tell(200, body, {"Content-Type": "application/json"})


def _described(have: Actual, alias: Alias) -> dict[str, object]:
    return {
        "AliasArn": process.arn_of(have.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.note,
        "RevisionId": alias.revision,
        "RoutingConfig": {"AdditionalVersionWeights": dict(alias.weights)},
    }


def _refusal(status: int, kind: str, message: str) -> Tell:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": kind}
    return Tell(status, body, headers)
