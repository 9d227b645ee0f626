"""
Who moved traffic, kept on the function; and which move, kept with the model.

What is on the function holds without a registry: a reconcile reads there which
versions somebody has taken the traffic back from.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from mlflow_serverless import provenance
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.lineage import Cause, Does, Move
from mlflow_serverless.pipeline.desired import CAUSE, PREFIX, REFUSED, origin_of, tag
from mlflow_serverless.plan import Actual, Pairs, SetTags
from mlflow_serverless.world import World


def marked(
    have: Actual, cause: Cause, *, refused: Iterable[str] | None = None
) -> Pairs:
    """
    The function's tags, with *cause*.

    Args:
        have: The deployment.
        cause: Who or what moves its traffic.
        refused: Numbers of the versions that are to get none again; None leaves those
            that are named.
    """
    numbers = refused_in(have) if refused is None else refused
    ours = {CAUSE: cause.text(), REFUSED: " ".join(dict.fromkeys(numbers))}
    said = dict(have.tags) | {f"{PREFIX}{key}": text for key, text in ours.items()}
    empty = {f"{PREFIX}{key}" for key, text in ours.items() if not text}
    return tuple(sorted((k, v) for k, v in said.items() if k not in empty))


def refused_in(have: Actual) -> tuple[str, ...]:
    """Numbers of the versions that somebody has taken the traffic back from."""
    return tuple(tag(have, REFUSED).split())


def mark(have: Actual, tags: Pairs, world: World) -> None:
    """
    Put *tags* on the function, if they are others than it has.

    Never fails: whoever may move traffic, and not tag, must still be able to go back.
    """
    if tags == have.tags:
        return
    try:
        world.cloud.perform(SetTags(have.name, tags))
    except ServerlessError as error:
        what = f"not noted on {have.name}, so a reconcile may not know: {error.message}"
        world.tell("note.warning", what=what)


def note(  # noqa: PLR0913 - what a move is
    have: Actual, does: Does, version: str, *, why: str, world: World,
    cause: Cause | None = None,
) -> None:  # fmt: skip
    """Keep with the model of *version* that it *does* this now."""
    there = have.version(version)
    if there is None:
        return
    move = Move(
        at=datetime.now(UTC), deployment=have.name, target=world.target,
        environment="", does=does, model=origin_of(there).model, version=version,
        why=why, cause=cause or world.cause, where=world.where(),
    )  # fmt: skip
    provenance.moved(move, world.tell)
