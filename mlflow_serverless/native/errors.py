"""Why a model cannot be served by its own library either."""

from mlflow_serverless.errors import Kind, ServerlessError


class NativeSignatureError(ServerlessError):
    """The signature has columns that the runtime does not carry."""

    code = "native-signature"
    kind = Kind.UNSUPPORTED

    def __init__(self, columns: list[str]) -> None:
        super().__init__(
            f"the columns {', '.join(columns)} hold lists, objects or maps, which the "
            "native engine does not carry.",
            hint="log the model with scalar columns, or with tensors.",
        )


class NativeAnswerError(ServerlessError):
    """The model answers something that has no one type."""

    code = "native-answer"
    kind = Kind.UNSUPPORTED

    def __init__(self, output: str, why: str) -> None:
        name = repr(output) if output else "the answer"
        super().__init__(
            f"{name} cannot be served: {why}.",
            hint="let the model return numbers, texts or booleans, one type an output.",
        )


class ColdStartError(ServerlessError):
    """The runtime was started with the bundle and did not serve."""

    code = "native-cold-start"
    kind = Kind.REFUSED

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the native bundle does not start: {why}",
            hint="install the model's requirements beside us, or let us: "
            "conversion.environment=isolated.",
        )


class SlowAnswerError(ColdStartError):
    """The runtime was waited for longer than anybody would."""

    def __init__(self, seconds: float, said: str = "") -> None:
        super().__init__(f"nothing came for {seconds:.0f} s. {said}")
