"""What can be wrong with a call of a controller."""

from mlflow_serverless.errors import Kind, ServerlessError


class BadWakeError(ServerlessError):
    """Somebody else called it, or its schedule was changed by hand."""

    code = "bad-wake"
    kind = Kind.BAD_INPUT

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(
            "this is no call of a controller's schedule: it does not say "
            f"{', '.join(missing)}.",
            hint="deploy again: it makes the schedule as it should be.",
        )
