"""A relay from variables, as a function or a process has them.

| variable | meaning |
|---|---|
| `RELAY_SECRETS` | the webhook's secret; several, separated by spaces, while changing |
| `RELAY_FILTERS` | what the policy cares about; `filter.dump` writes it |
| `RELAY_REPOSITORY` | `OWNER/NAME`, to dispatch to |
| `RELAY_EVENT_TYPE` | of the dispatch |
| `RELAY_TOKEN` | fine-grained token; or the App's three: |
| `RELAY_APP`, `RELAY_INSTALLATION`, `RELAY_KEY` | client id, installation, PEM key |
| `RELAY_API` | of GitHub Enterprise Server |
| `RELAY_SEEN` | `file:PATH`, `table:NAME` or `bucket:NAME` |
| `RELAY_DATABRICKS` | `1` takes Databricks' signature, too |

`RELAY_SECRETS`, `RELAY_TOKEN` and `RELAY_KEY` may each be an ARN of Secrets Manager;
`-??????` at its end stands for the characters that are added there to a secret's name.
"""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from mlflow_serverless.github.api import API
from mlflow_serverless.github.app import AppToken
from mlflow_serverless.github.client import GitHub, Token
from mlflow_serverless.relay.errors import RelaySettingsError
from mlflow_serverless.relay.event import Event
from mlflow_serverless.relay.filter import read
from mlflow_serverless.relay.handle import Relay, Seen
from mlflow_serverless.relay.seen import SeenInBucket, SeenInFile, SeenInTable
from mlflow_serverless.relay.send import EVENT_TYPE, to_github

Client = Callable[[str], Any]
"""boto3's client of a service."""

_SECRETS = "RELAY_SECRETS"
_SEEN = "RELAY_SEEN"
_ADDED = "-??????"


def relay_of(environ: Mapping[str, str], client: Client | None = None) -> Relay:
    """
    The relay that *environ* describes, sending on to GitHub.

    Args:
        environ: Its variables.
        client: boto3's client of a service; boto3's own if None, and then only if one
            is needed.

    Raises:
        RelaySettingsError: One is missing or wrong.
    """
    clients = client or _boto3
    send = github_of(environ, clients)
    return relay_with(environ, send, clients)


def relay_with(
    environ: Mapping[str, str],
    send: Callable[[Event], None],
    client: Client | None = None,
) -> Relay:
    """
    The relay that *environ* describes, sending on by *send*.

    Raises:
        RelaySettingsError: One is missing or wrong.
    """
    clients = client or _boto3
    return Relay(
        secrets=secrets_of(environ, clients),
        filters=read(_need(environ, "RELAY_FILTERS")),
        seen=_seen(_need(environ, _SEEN), clients),
        send=send,
        clock=time.time,
        databricks=environ.get("RELAY_DATABRICKS") == "1",
    )


def secrets_of(
    environ: Mapping[str, str], client: Client | None = None
) -> tuple[str, ...]:
    """
    What deliveries are signed with, the newest first.

    Raises:
        RelaySettingsError: There is none.
    """
    secrets = _secret(_need(environ, _SECRETS), client or _boto3).split()
    if not secrets:
        raise RelaySettingsError(_SECRETS, "is empty")
    return tuple(secrets)


def github_of(environ: Mapping[str, str], client: Client) -> Callable[[Event], None]:
    """
    Sends events on to the repository that *environ* names.

    Raises:
        RelaySettingsError: One is missing.
    """
    api = environ.get("RELAY_API", API)
    github = GitHub(
        _need(environ, "RELAY_REPOSITORY"), _token(environ, api, client), api=api
    )
    return to_github(github, environ.get("RELAY_EVENT_TYPE", EVENT_TYPE))


def _token(environ: Mapping[str, str], api: str, client: Client) -> Token:
    if "RELAY_APP" in environ:
        return AppToken(
            environ["RELAY_APP"],
            _need(environ, "RELAY_INSTALLATION"),
            _secret(_need(environ, "RELAY_KEY"), client),
            api=api,
        )
    token = _secret(_need(environ, "RELAY_TOKEN"), client).strip()
    return lambda: token


def _seen(where: str, client: Client) -> Seen:
    kind, _, name = where.partition(":")
    match kind:
        case "file":
            return SeenInFile(Path(name))
        case "table":
            return SeenInTable(client("dynamodb"), name)
        case "bucket":
            return SeenInBucket(client("s3"), name)
        case _:
            why = f"is {where!r}, not file:PATH, table:NAME or bucket:NAME"
            raise RelaySettingsError(_SEEN, why)


def _secret(value: str, client: Client) -> str:
    """*value*, or what Secrets Manager keeps under it."""
    if not (value.startswith("arn:") and ":secretsmanager:" in value):
        return value
    if value.endswith(_ADDED):
        value = value.rpartition(":secret:")[2].removesuffix(_ADDED)
    found = client("secretsmanager").get_secret_value(SecretId=value)
    return str(found["SecretString"])


def _need(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise RelaySettingsError(name)
    return value


def _boto3(service: str) -> Any:
    return import_module("boto3").client(service)  # only on AWS
