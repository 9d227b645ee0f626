"""What can be wrong with a relay."""

from mlflow_serverless.errors import Kind, ServerlessError


class RelaySettingsError(ServerlessError):
    """A variable that the relay needs is missing, or wrong."""

    code = "relay-settings"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the relay needs {name}, and it is missing or not as it should be.",
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
    """No relay runs here."""

    code = "relay-missing"
    kind = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__(
            "no relay is deployed here.",
            hint="mlflow-serverless relay deploy -t lambda:/local starts one; or name "
            "its address with --url.",
        )


class RelaySilentError(ServerlessError):
    """The relay was started, and does not answer."""

    code = "relay-silent"
    kind = Kind.UNAVAILABLE

    def __init__(self, why: str, log: str) -> None:
        super().__init__(f"the relay did not start: {why}.", hint=f"see {log}.")


class RelayTargetError(ServerlessError):
    """A relay cannot be deployed there by this command."""

    code = "relay-target"
    kind = Kind.UNSUPPORTED

    def __init__(self, target: str) -> None:
        super().__init__(
            f"relay deploy does not reach {target} yet.",
            hint="-t lambda:/local runs it here; on AWS make a function with the "
            "handler mlflow_serverless.relay.function.handler, as docs/relay.md shows.",
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
