"""What a stopped apply says."""

from mlflow_serverless.apply import ApplyError
from mlflow_serverless.errors import Kind
from mlflow_serverless.plan import DeleteFunction, SetTags
from mlflow_serverless.plan.errors import AliasMovedError


def test_a_stopped_apply_reads_as_a_report():
    """Why, what is done, what is left, and what to type."""
    done, failed, left = SetTags("it", ()), DeleteFunction("a"), DeleteFunction("b")
    cause = AliasMovedError("it", "live")

    error = ApplyError(cause, done=(done,), left=(failed, left))

    assert error.message == (
        "could not delete a with its versions and aliases: it:live was moved by "
        "somebody else since it was looked at; it stays where they put it.\n"
        "done:\n  - set 0 tags on it\n"
        "left:\n  - delete a with its versions and aliases\n"
        "  - delete b with its versions and aliases"
    )
    assert error.hint.endswith("run the same command again: it goes on from here.")
    assert (error.kind, error.code) == (Kind.CONFLICT, "apply-stopped")


def test_nothing_done_is_said_too():
    """An empty list is not left open."""
    error = ApplyError(
        AliasMovedError("it", "live"), done=(), left=(DeleteFunction("it"),)
    )

    assert "done:\n  - nothing\n" in error.message
