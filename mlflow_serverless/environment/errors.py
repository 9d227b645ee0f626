"""Why a model's own environment cannot be made, or does not work."""

from collections.abc import Sequence

from mlflow_serverless.errors import Kind, ServerlessError

_HERE = "or convert with what is installed beside us: conversion.environment=here."


class UvMissingError(ServerlessError):
    """The resolver is not installed."""

    code = "uv-missing"
    kind = Kind.BAD_INPUT

    def __init__(self) -> None:
        super().__init__(
            "an environment for the model cannot be made: uv is not installed.",
            hint=f"pip install uv, {_HERE}",
        )


class PythonMissingError(ServerlessError):
    """The model's Python is not on this machine."""

    code = "python-missing"
    kind = Kind.BAD_INPUT

    def __init__(self, wanted: str, have: Sequence[str]) -> None:
        super().__init__(
            f"the model was made with Python {wanted}; this machine has "
            f"{', '.join(have) or 'none that uv finds'}.",
            hint=f"uv python install {wanted}, {_HERE}",
        )


class UnresolvableError(ServerlessError):
    """No set of packages meets the model's requirements."""

    code = "requirements-unresolvable"
    kind = Kind.BAD_INPUT

    def __init__(self, requirement: str, why: str) -> None:
        what = f"{requirement!r}" if requirement else "the model's requirements"
        super().__init__(
            f"{what} cannot be installed: {why}",
            hint=f"correct the model's requirements.txt, or its index; {_HERE}",
        )
        self.requirement = requirement


class WorkerFailedError(ServerlessError):
    """The process in the model's environment ended without an answer."""

    code = "worker-failed"
    kind = Kind.INTERNAL

    def __init__(self, verb: str, why: str) -> None:
        super().__init__(
            f"{verb} failed in the model's own environment: {why}",
            hint="its requirements.txt may lack something that it imports.",
        )


class RelayedError(ServerlessError):
    """What a room refused in the model's environment, said here."""

    def __init__(self, code: str, kind: Kind, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code, self.kind = code, kind
