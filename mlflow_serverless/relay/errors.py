"""What can be wrong with a relay."""

from collections.abc import Sequence

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import listed


class RelaySettingsError(ServerlessError):
    """A variable that the relay needs is missing, or wrong."""

    code = "relay-settings"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str, why: str = "is not set") -> None:
        super().__init__(
            f"the relay needs {name}, which {why}.",
            hint="docs/relay.md lists the variables and what each may be.",
        )


class RelayAddressError(ServerlessError):
    """The relay cannot listen where it should."""

    code = "relay-address"
    kind = Kind.CONFLICT

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(
            f"the relay cannot listen on {host}:{port}: {why}.",
            hint="choose another with --port, or 0 for a free one.",
        )


class RelayMissingError(ServerlessError):
    """No relay is there."""

    code = "relay-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, target: str) -> None:
        super().__init__(
            f"no relay is deployed on {target}.",
            hint=f"mlflow-serverless relay deploy -t {target} makes one; to register "
            "one that was made otherwise, name its --url.",
        )


class RelaySilentError(ServerlessError):
    """The relay was started, and does not answer."""

    code = "relay-silent"
    kind = Kind.UNAVAILABLE

    def __init__(self, why: str, log: str) -> None:
        super().__init__(f"the relay did not start: {why}.", hint=f"see {log}.")


class RelayOptionsError(ServerlessError):
    """Options of a relay elsewhere."""

    code = "relay-options"
    kind = Kind.BAD_INPUT

    def __init__(self, target: str, options: Sequence[str], *, here: bool) -> None:
        verb = "is" if len(options) == 1 else "are"
        where = "relays on AWS" if here else "the relay on this machine"
        super().__init__(
            f"{listed(options)} {verb} for {where}, not for {target}.",
            hint="here the environment says it: RELAY_REPOSITORY, RELAY_TOKEN and the "
            "others of docs/relay.md."
            if here
            else "leave it out, or name the target: -t lambda:/local.",
        )


class RelayTargetError(ServerlessError):
    """A reconcile needs a machine with our own software and the models' libraries."""

    code = "relay-target"
    kind = Kind.UNSUPPORTED

    def __init__(self, target: str) -> None:
        super().__init__(
            f"a relay on {target} does not run reconciles itself.",
            hint="leave out --to: it dispatches to GitHub, where the reconcile action "
            "runs; -t lambda:/local runs reconciles on this machine.",
        )


class RelayCredentialsError(ServerlessError):
    """GitHub would not know who dispatches."""

    code = "relay-credentials"
    kind = Kind.BAD_INPUT

    def __init__(self) -> None:
        super().__init__(
            "the relay needs one right to dispatch: a token's secret, or an App's "
            "client id, installation and key.",
            hint="--token-secret NAME; or --app ID --installation N --key-secret NAME. "
            "Both name secrets in Secrets Manager (docs/relay.md).",
        )


class WebhookRefusedError(ServerlessError):
    """The registry takes no such webhook."""

    code = "webhook-refused"
    kind = Kind.REFUSED

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"the registry does not take a webhook to {url}: {why}.",
            hint="MLflow sends to https and public addresses only, and only from a SQL "
            "store; docs/relay.md says how its server is told otherwise.",
        )


class WebhookSilentError(ServerlessError):
    """The registry's test did not reach the relay."""

    code = "webhook-silent"
    kind = Kind.UNAVAILABLE

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"the webhook to {url} is registered, but its test failed: {why}.",
            hint="the registry's server must reach that address, and the relay have "
            "the same secret.",
        )
