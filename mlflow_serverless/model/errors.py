"""What can be wrong with a reference."""

from mlflow_serverless.errors import Kind, ServerlessError


class BadModelUriError(ServerlessError):
    """Not a form of model reference that MLflow knows."""

    code = "bad-model-uri"
    kind = Kind.BAD_INPUT

    def __init__(self, text: str, meant: str = "") -> None:
        super().__init__(
            f"{text!r} is not a model URI.",
            hint=meant
            or "use models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE, "
            "models:/NAME/latest, models:/m-ID, runs:/RUN_ID/PATH, or a folder.",
        )
