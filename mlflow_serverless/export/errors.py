"""Why there is no template."""

from mlflow_serverless.errors import Kind, ServerlessError


class NoTemplateError(ServerlessError):
    """The target has no resources that a template could describe."""

    code = "no-template"
    kind = Kind.BAD_INPUT

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target} is not AWS: there is nothing that a template could describe.",
            hint="name AWS as the target: -t lambda, or -t lambda:/REGION.",
        )


class ResolvedTextError(ServerlessError):
    """CloudFormation would replace what was meant literally, and cannot be told not."""

    code = "resolved-text"
    kind = Kind.BAD_INPUT

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} holds '{{{{resolve:': CloudFormation would put a parameter or a"
            " secret there, and has no way of writing the text itself.",
            hint="use --format terraform, or let the function look the secret up.",
        )
