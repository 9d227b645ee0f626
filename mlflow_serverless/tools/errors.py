"""What can be wrong with a tool."""

from collections.abc import Sequence

from mlflow_serverless.errors import Kind, ServerlessError


class ToolTargetError(ServerlessError):
    """There are no such functions there."""

    code = "tool-target"
    kind = Kind.UNSUPPORTED

    def __init__(self, tool: str, target: str) -> None:
        super().__init__(
            f"{target} does not run the {tool} as a function of its own.",
            hint="use -t lambda, or lambda:/REGION.",
        )


class NotAToolError(ServerlessError):
    """Something else has the name."""

    code = "not-a-tool"
    kind = Kind.CONFLICT

    def __init__(self, name: str, tool: str) -> None:
        super().__init__(
            f"{name} is a function of ours, but not a {tool}.",
            hint="choose another name with --name.",
        )


class ToolOptionError(ServerlessError):
    """An option that deployments have, and tools do not."""

    code = "tool-option"
    kind = Kind.BAD_INPUT

    def __init__(self, tool: str, given: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(
            f"the {tool} has no {', no '.join(given)}.",
            hint=f"it has {', '.join(known)}.",
        )
