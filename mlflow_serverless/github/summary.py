"""A pass over a policy as Markdown that a person wants to read; pure."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlflow_serverless.github.outcome import GOING

EVERYTHING = "everything"
"""What a command was about that failed before it knew any deployment."""

Described = Mapping[str, Any]
"""One outcome as JSON: `reconcile.Outcome.described`, or a deployment's own."""

_MARKS = {
    "done": "✅", "begun": "🔀", "pending": "🟡", "waiting": "⏸️", "ignored": "⚪",
    "failed": "❌",
}  # fmt: skip
_SAID = {
    "Deploy": "deploy", "Update": "update", "Promote": "promote", "Look": "look",
    "RollBack": "roll back", "Retire": "retire", "Wait": "wait", "Ignore": "leave",
}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def summary(
    outcomes: Sequence[Described],
    *,
    title: str,
    dry_run: str = "",
    cause: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """
    What happened, in one table, then what is behind each line.

    Args:
        outcomes: As JSON, in order.
        title: The page's heading.
        dry_run: Digest of the intents if nothing was done; empty otherwise.
        cause: Who or what wanted it: `actor`, `run`, `commit`, `event`, ….
        links: Words to URLs, put under the table.
    """
    parts = [f"## {escaped(title)}", _headline(outcomes, dry_run), _table(outcomes)]
    parts += [_details(each) for each in outcomes if _has_details(each)]
    parts += [_links(links or {}), _caused(cause or {})]
    return "\n\n".join(part for part in parts if part) + "\n"


def clipped(markdown: str, most: int) -> str:
    """*markdown* with at most *most* bytes: whole lines, and a word on what is gone."""
    if len(markdown.encode()) <= most:
        return markdown
    closed = "\n\n</details>\n\n… and more than fits here; --json has all of it.\n"
    room = most - len(closed.encode())
    kept = markdown.encode()[:room].decode(errors="ignore")
    return kept[: kept.rfind("\n")] + closed


def escaped(text: object) -> str:
    """*text* as Markdown that shows it, calls nobody by name, and does nothing else."""
    return _plain(text).replace("@", "@&#8203;")


def code(text: object) -> str:
    """*text* in a code span, whatever it holds: Markdown is read in tags, too."""
    plain = _plain(text)
    return f"<code>{plain}</code>" if plain else ""


def _plain(text: object) -> str:
    return _MARKDOWN.sub(r"\\\1", _html(text))


def _html(text: object) -> str:
    """For a block of HTML, where Markdown is not read."""
    return html.escape(" ".join(str(text).split()), quote=False)


def _headline(outcomes: Sequence[Described], dry_run: str) -> str:
    counts = {
        state: sum(_state(each) == state for each in outcomes) for state in _MARKS
    }
    words = {
        "done": "done", "begun": "begun", "pending": "to be done", "waiting": "waiting",
        "failed": "failed", "ignored": "left alone",
    }  # fmt: skip
    said = [f"**{counts[s]}** {word}" for s, word in words.items() if counts[s]]
    line = ", ".join(said) or "Nothing is meant by the policy"
    if not dry_run:
        return f"{line}."
    return f"{line}. Nothing was changed: this is a plan, {code(dry_run)}."


def _table(outcomes: Sequence[Described]) -> str:
    if not outcomes:
        return ""
    rows = ["| | Deployment | What | Model | Why |", "|---|---|---|---|---|"]
    for each in outcomes:
        what = _SAID.get(each["intent"], each["intent"])
        name, where = each["deployment"] or EVERYTHING, each["environment"]
        if _state(each) == "begun":
            what = f"{what}: a rollout has begun"
        cells = (
            _MARKS[_state(each)],
            f"{escaped(name)}<br><sub>{escaped(where)}</sub>",
            escaped(what),
            code(each["model"]),
            escaped(each["why"]),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _state(each: Described) -> str:
    """`begun` where a rollout goes on that somebody advances; else as it is said."""
    going = each["state"] == "done" and each.get("rollout") in GOING
    return "begun" if going else str(each["state"])


def _has_details(each: Described) -> bool:
    begun = _state(each) == "begun"
    return bool(begun or each["steps"] or each["error"] or each["parity"])


def _details(each: Described) -> str:
    name = _html(each["deployment"] or EVERYTHING)
    where = _html(each["environment"])
    opened = " open" if each["error"] else ""
    lines = [*_refusal(each), *_facts(each), *_steps(each)]
    body = "\n".join(lines)
    return (
        f"<details{opened}><summary>{name} in {where}</summary>\n\n{body}\n\n</details>"
    )


def _refusal(each: Described) -> Iterable[str]:
    error = each["error"]
    if error:
        first, *more = error["message"].splitlines() or [""]
        yield f"**{escaped(first)}** {code(error['code'])}"
        if more:
            yield ""
            yield from (f"- {escaped(line)}" for line in more)
        if error["hint"]:
            yield f"\nWhat to do: {escaped(error['hint'])}"
        yield ""


def _facts(each: Described) -> Iterable[str]:
    facts = {
        "Answers": escaped(each["parity"]),
        "Version": code(each["version"]),
        "Bundle": code(each["bundle"]),
        "Strategy": escaped(each["strategy"]),
        "Rollout": _next(each),
        "Cost": escaped(each["cost"]),
        "Approved by": escaped(each["approved_by"]),
        "URL": escaped(each.get("url", "")),
        "Verdict": escaped(each.get("verdict", "")),
        "Took": f"{each['seconds']:.1f} s" if each["seconds"] else "",
    }
    yield from (f"- {key}: {value}" for key, value in facts.items() if value)


def _next(each: Described) -> str:
    """What a rollout that has begun needs yet."""
    if _state(each) != "begun":
        return ""
    name = each["deployment"]
    said = f"{escaped(each['rollout'])}; the version before it serves until it is over"
    return f"{said}: {code(f'mlflow-serverless advance {name}')} goes on with it"


def _steps(each: Described) -> Iterable[str]:
    if each["steps"]:
        yield ""
        yield from (f"{n}. {escaped(step)}" for n, step in enumerate(each["steps"], 1))


def _links(links: Mapping[str, str]) -> str:
    said = [
        f"[{escaped(words)}]({url.replace(')', '%29').replace(' ', '%20')})"
        for words, url in links.items()
        if url.startswith(("https://", "http://"))
    ]
    return " · ".join(said)


def _caused(cause: Mapping[str, str]) -> str:
    words = {
        "actor": "by", "event": "event", "commit": "commit", "run": "run",
        "approved_by": "approved by",
    }  # fmt: skip
    said = [
        f"{word} {code(cause[key])}" for key, word in words.items() if cause.get(key)
    ]
    return f"<sub>{' · '.join(said)}</sub>" if said else ""
