"""What a rollout may be refused for."""

from mlflow_serverless.errors import Kind, ServerlessError


class BadStrategyError(ServerlessError):
    """Not a way to move traffic."""

    code = "bad-strategy"
    kind = Kind.BAD_INPUT

    def __init__(self, given: str, wrong: str) -> None:
        super().__init__(
            f"{given!r} is no strategy: {wrong}.",
            hint="for example strategy=canary strategy.steps=5,25,50, or "
            "strategy=Canary10Percent5Minutes.",
        )


class TooManyStepsError(ServerlessError):
    """The strategy does not fit into the alias's note."""

    code = "too-many-steps"
    kind = Kind.BAD_INPUT

    def __init__(self, steps: int, characters: int, most: int) -> None:
        super().__init__(
            f"a rollout of {steps} steps takes a note of {characters} characters; "
            f"an alias has {most}.",
            hint="use fewer steps, for example strategy.steps=1,5,25,50.",
        )


class RolloutUnderWayError(ServerlessError):
    """One at a time."""

    code = "rollout-under-way"
    kind = Kind.CONFLICT

    def __init__(self, name: str, baseline: str, candidate: str) -> None:
        super().__init__(
            f"{name} is being rolled out already, from version {baseline} to "
            f"{candidate}.",
            hint=f"wait for it, or end it: mlflow-serverless promote {name}, or "
            f"mlflow-serverless abort {name}; mlflow-serverless rollout {name} says "
            "where it stands.",
        )


class NoRolloutError(ServerlessError):
    """Nothing to pause, resume, promote or abort."""

    code = "no-rollout"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, alias: str) -> None:
        super().__init__(
            f"no rollout is under way on {name}:{alias}.",
            hint="one begins with the next update that has a strategy.",
        )


class NotReadyError(ServerlessError):
    """The candidate cannot take traffic."""

    code = "version-not-ready"
    kind = Kind.CONFLICT

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} cannot begin a rollout: {why}.",
            hint="deploy again; traffic stays where it is meanwhile.",
        )


class OrderRefusedError(ServerlessError):
    """What a person asked for makes no sense now."""

    code = "order-refused"
    kind = Kind.CONFLICT

    def __init__(self, order: str, why: str) -> None:
        super().__init__(
            f"cannot {order}: {why}.",
            hint="look first: mlflow-serverless rollout NAME.",
        )


class BadHookError(ServerlessError):
    """Not a hook that can be called."""

    code = "bad-hook"
    kind = Kind.BAD_INPUT

    def __init__(self, hook: str, wrong: str) -> None:
        super().__init__(
            f"{hook!r} is no hook: {wrong}.",
            hint="use command:PROGRAM ARGS, python:MODULE:FUNCTION, lambda:NAME, or "
            "an http(s) address.",
        )


class BusyAliasError(ServerlessError):
    """Others moved the alias every time we looked."""

    code = "alias-busy"
    kind = Kind.UNAVAILABLE

    def __init__(self, name: str, alias: str, times: int) -> None:
        super().__init__(
            f"{name}:{alias} was moved by others {times} times while we looked.",
            hint="run again; another driver may be doing the same work.",
        )
