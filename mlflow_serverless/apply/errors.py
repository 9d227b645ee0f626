"""What an apply that stopped has to say."""

from collections.abc import Sequence

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import Step


class ApplyError(ServerlessError):
    """
    A step failed: what is done, what is left, and why.

    Its kind is the cause's, so that doors translate it as they would the cause.
    """

    code = "apply-stopped"

    def __init__(
        self, cause: ServerlessError, *, done: Sequence[Step], left: Sequence[Step]
    ) -> None:
        again = "run the same command again: it goes on from here."
        super().__init__(
            f"could not {left[0]}: {cause.message}\n"
            f"{_listed('done', done)}\n{_listed('left', left)}",
            hint=f"{cause.hint.rstrip('.')}; then {again}" if cause.hint else again,
        )
        self.kind = cause.kind
        self.cause = cause
        self.done = tuple(done)
        self.left = tuple(left)
        """The failed step first."""


def _listed(title: str, steps: Sequence[Step]) -> str:
    return "\n".join((f"{title}:", *(f"  - {step}" for step in steps or ("nothing",))))
