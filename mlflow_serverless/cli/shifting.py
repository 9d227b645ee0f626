"""Commands of a rollout: advance it, order it about, look at it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import Session, command, examples, named
from mlflow_serverless.screen import drawing_on

if TYPE_CHECKING:
    from mlflow_serverless.pipeline.driving import Watch
    from mlflow_serverless.pipeline.rollouts import Advanced
    from mlflow_serverless.shift import Rollout
    from mlflow_serverless.shift.history import Look
    from mlflow_serverless.shift.report import RolloutReport

ROLLED_BACK = 9
"""Exit code of `advance` where the new version has lost its traffic."""

CODES = {
    "promote": 0, "confirm": 0, "finish": 0, "advance": 10, "hold": 11, "nothing": 12,
    "rollback": ROLLED_BACK,
}  # fmt: skip
"""What a look came to, and the exit code that says so with `--exit-code`."""


@click.command(
    epilog=examples(
        "mlflow-serverless advance fraud", "mlflow-serverless advance fraud --wait"
    )
)
@command
@named
@click.option("--wait", is_flag=True, help="Go on looking until the rollout is over.")
@click.option(
    "--exit-code", "detailed", is_flag=True,
    help="Exit with what was done: 0 promoted, confirmed or finished; 10 moved to the "
    "next stage; 11 held; 12 nothing to do; 9 rolled back.",
)  # fmt: skip
@reporting("Rollout of {name}")
def advance(
    session: Session, *, name: str, wait: bool, detailed: bool, files: Files
) -> None:
    """Look at the rollout of NAME once; make one move at most.

    Meant for a schedule. Exits with 9 if the new version has lost its traffic, with
    1 to 8 after an error, else with 0; --exit-code tells more.
    """
    from mlflow_serverless.pipeline import driving, rollouts  # noqa: PLC0415 - brings scipy

    world = session.world()
    if wait:
        watch = watching(session)
        seen = driving.drive(name, world, watch=watch)
    else:
        seen = rollouts.advance(name, world)
    _written(session, name, seen, files)
    session.result(_said(name, seen), lambda console: _show(name, seen, console))
    code = CODES[_move(seen)]
    if detailed or code == ROLLED_BACK:
        raise SystemExit(code)


def watching(session: Session) -> "Watch | None":
    """A live view where there is a terminal to draw on."""
    return None if session.quiet or session.as_json else drawing_on(sys.stderr)


@click.command()
@command
@named
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file, as one page with plots.",
)  # fmt: skip
def rollout(session: Session, *, name: str, page: Path | None) -> None:
    """Show how the rollout of NAME stands, or how the last went."""
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy
    from mlflow_serverless.shift import report  # noqa: PLC0415

    found = rollouts.standing(name, session.world())
    if found is not None and page is not None:
        page.write_text(report.page(found), encoding="utf-8")
    said = report.plain(found) if found is not None else None

    def show(console: Console) -> None:
        if found is None:
            console.print(f"{name} has had no rollout.")
            return
        console.print(escape(report.text(found)))
        if page is not None:
            console.print(f"written to {page}")

    session.result({"deployment": name, "rollout": said}, show)


@click.command()
@command
@named
def pause(session: Session, *, name: str) -> None:
    """
    Hold the rollout of NAME where it is, until `resume`.

    A version that turns unhealthy is still rolled back.
    """
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy

    _ordered(session, name, rollouts.pause(name, session.world()))


@click.command()
@command
@named
def resume(session: Session, *, name: str) -> None:
    """
    Let a paused rollout of NAME go on.

    The stage that it was paused in begins anew.
    """
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy

    _ordered(session, name, rollouts.resume(name, session.world()))


@click.command()
@command
@named
def promote(session: Session, *, name: str) -> None:
    """
    Send all traffic of NAME to its new version now.

    If it has all of it already, the guard (the time in which it is still watched)
    ends instead.
    """
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy

    _ordered(session, name, rollouts.promote(name, session.world()))


@click.command()
@command
@named
def abort(session: Session, *, name: str) -> None:
    """
    End the rollout of NAME: send its traffic back now.

    Works after promotion, too, for as long as the new version is guarded (watched).
    """
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy

    _ordered(session, name, rollouts.abort(name, session.world()))


def _ordered(session: Session, name: str, after: "Rollout") -> None:
    share = dict(after.weights).get(after.candidate, 0.0)
    share = 1.0 if after.primary == after.candidate else share
    value = {
        "deployment": name, "state": after.state.value, "paused": after.paused,
        "baseline": after.baseline, "candidate": after.candidate, "share": share,
        "why": after.why,
    }  # fmt: skip
    state = f"{after.state.value}{', paused' if after.paused else ''}"
    said = f"{name}: {state}, {share:.0%} to version {after.candidate} ({after.why})"
    session.result(value, lambda console: console.print(escape(said)))


def _move(seen: "Advanced") -> str:
    return type(seen.step.shift).__name__.lower() if seen.step else "nothing"


def _written(session: Session, name: str, seen: "Advanced", files: Files) -> None:
    """The look, and the moves before it."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    if not files.wanted:
        return
    found, move = seen.report, _move(seen)
    if found is None:
        files.one(
            session, name, intent="advance", state="ignored", why="has had no rollout"
        )
        return
    why = seen.step.shift.why if seen.step else found.reason
    candidate = found.rollout.candidate
    models = {v.version: v.model for v in pipeline.history(name, session.world())}
    files.one(
        session, name, intent=move, model=models.get(candidate, ""),
        version=candidate, state=_STATES.get(move, "done"),
        why=f"{found.outcome}: {why}",
        alias=found.alias, strategy=found.rollout.strategy.name,
        verdict=seen.step.judgement.verdict.why if seen.step else "",
        steps=[f"{each.move}: {each.reason}" for each in _moves(found)],
    )  # fmt: skip


def _moves(found: "RolloutReport") -> "list[Look]":
    return [look for look in found.looks if look.move != "hold"]


_STATES = {"hold": "waiting", "nothing": "ignored", "rollback": "failed"}
"""Of a look, by what it came to; all others are done."""


def _said(name: str, seen: "Advanced") -> dict[str, object]:
    step = seen.step
    if step is None:
        outcome = seen.report.outcome if seen.report else "no rollout"
        return {"deployment": name, "move": "nothing", "outcome": outcome}
    verdict = step.judgement.verdict
    return {
        "deployment": name,
        "move": _move(seen),
        "reason": step.shift.why,
        "verdict": type(verdict).__name__.lower(),
        "why": verdict.why,
        "before": _standing(step.before),
        "after": _standing(step.after),
        "findings": [
            {"check": f.check, "result": f.result.value, "sentence": f.sentence}
            for f in step.judgement.findings
        ],
        "outcome": seen.report.outcome if seen.report else "under way",
    }


def _standing(rollout: "Rollout") -> dict[str, object]:
    return {
        "state": rollout.state.value,
        "stage": str(rollout.here) if rollout.here else None,
        "baseline": rollout.baseline,
        "candidate": rollout.candidate,
        "weights": dict(rollout.weights),
    }


def _show(name: str, seen: "Advanced", console: Console) -> None:
    step = seen.step
    if step is None:
        last = f"; the last one: {_ended(seen.report)}" if seen.report else ""
        console.print(escape(f"{name}: no rollout is under way{last}"))
        return
    after = step.after
    place = str(after.here) if after.here else after.state.value
    console.print(escape(f"{name}: {_move(seen)}: {step.shift.why}"))
    console.print(escape(f"  verdict  {step.judgement.verdict.why}"))
    console.print(escape(f"  stands   {place}"))


def _ended(report: "RolloutReport") -> str:
    return f"{report.outcome}, {report.reason}"
