"""The relay as a function on AWS: what it is made of, what it may do; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlflow_serverless.github.api import API
from mlflow_serverless.plan import Place, Secret, Table
from mlflow_serverless.reconcile.policy import Policy
from mlflow_serverless.relay.errors import RelayCredentialsError
from mlflow_serverless.relay.filter import dump, within
from mlflow_serverless.relay.meant import filters_of
from mlflow_serverless.relay.send import EVENT_TYPE
from mlflow_serverless.secure.document import Statement
from mlflow_serverless.tools import Tool
from mlflow_serverless.tools.desired import Wanted, open_url

NAME = "mlflow-serverless-relay"
"""What the function is called unless it is told."""

FILTERS_CHARS = 2_000
"""Most that the filters may take of the 4 kB that a function's variables have."""

TOOL = Tool(
    name="relay",
    handler="mlflow_serverless.relay.function:handler",
    requirements=("boto3", "cryptography"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The repository that events are sent to, and by what right."""

    repository: str
    """`OWNER/NAME`."""
    event_type: str = EVENT_TYPE
    api: str = API
    token: str = ""
    """Name or ARN of the secret that holds a fine-grained token; or the App's three:"""
    app: str = ""
    """Its client id."""
    installation: str = ""
    key: str = ""
    """Name or ARN of the secret that holds its private key (PEM)."""

    @property
    def secret(self) -> str:
        """
        The secret that it needs.

        Raises:
            RelayCredentialsError: Neither a token nor a whole App is named, or both.
        """
        app = (self.app, self.installation, self.key)
        if bool(self.token) == any(app) or (any(app) and not all(app)):
            raise RelayCredentialsError
        return self.token or self.key


def blank(name: str) -> Wanted:
    """The relay called *name*, as far as it is known without any option."""
    return Wanted(name=name, tool=TOOL)


def secret_of(name: str) -> str:
    """The secret with which the registry signs for the relay *name*."""
    return f"mlflow-serverless/{name}"


def relayed(
    wanted: Wanted, sender: Sender, policy: Policy, place: Place,
    *, databricks: bool = False,
) -> Wanted:  # fmt: skip
    """
    *wanted* as the relay of *policy*: its variables, rights, URL, secret and table.

    No secret is in it: variables hold where each is kept.

    Args:
        wanted: How it is to run.
        sender: Where events go.
        policy: Which events matter.
        place: Where it is to be.
        databricks: Whether Databricks' signature is taken, too.

    Raises:
        RelayCredentialsError: *sender* does not say by what right it sends.
    """
    secret, table = names_of(wanted.name)
    secrets = (_address(secret.name, place), _address(sender.secret, place))
    variables = {
        "RELAY_SECRETS": secrets[0],
        "RELAY_FILTERS": dump(within(filters_of(policy), FILTERS_CHARS)),
        "RELAY_SEEN": f"table:{table.name}",
        **_sending(sender, secrets[1]),
        **({"RELAY_DATABRICKS": "1"} if databricks else {}),
    }
    key, tags = wanted.kms_key, wanted.all_tags
    around = (replace(secret, kms_key=key, tags=tags), replace(table, tags=tags))
    return replace(
        wanted,
        environment=tuple(sorted(variables.items())),
        may=tuple(_rights(secrets, table, key, place)),
        resources=(*around, *open_url()),
    )


def names_of(name: str) -> tuple[Secret, Table]:
    """What stands around the relay *name* and is found by its name alone."""
    said = f"Signs the registry's webhooks to {name}"
    return Secret(name=secret_of(name), description=said), Table(name=name)


def _sending(sender: Sender, address: str) -> dict[str, str]:
    said = {"RELAY_REPOSITORY": sender.repository}
    if sender.event_type != EVENT_TYPE:
        said["RELAY_EVENT_TYPE"] = sender.event_type
    if sender.api != API:
        said["RELAY_API"] = sender.api
    if sender.token:
        return {**said, "RELAY_TOKEN": address}
    return {
        **said, "RELAY_APP": sender.app, "RELAY_INSTALLATION": sender.installation,
        "RELAY_KEY": address,
    }  # fmt: skip


def _address(secret: str, place: Place) -> str:
    """An ARN; of a secret's name, with room for the characters that AWS adds."""
    return secret if secret.startswith("arn:") else place.secret_arn(secret)


def _rights(
    secrets: tuple[str, ...], table: Table, key: str, place: Place
) -> Iterator[Statement]:
    yield Statement(
        sid="ReadItsSecrets",
        actions=("secretsmanager:GetSecretValue",),
        resources=secrets,
    )
    yield Statement(
        sid="RememberDeliveries",
        actions=("dynamodb:PutItem", "dynamodb:DeleteItem"),
        resources=(place.arn("dynamodb", f"table/{table.name}"),),
    )
    if key:
        yield Statement(sid="Decrypt", actions=("kms:Decrypt",), resources=(key,))
