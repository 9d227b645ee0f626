"""The page of error codes, read off the classes that raise them."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "mlflow_serverless"

ROOMS = {
    "": "Anywhere",
    "config": "Options",
    "wiring": "Target and home folder",
    "store": "Target and home folder",
    "model": "Finding the model",
    "resolve": "Finding the model",
    "environment": "The model's own environment",
    "convert": "Converting",
    "optimise": "Precision",
    "verify": "Proving the answers",
    "native": "Serving by the model's own library",
    "package": "Bundles and images",
    "build": "Bundles and images",
    "secure": "What is refused before anything is changed",
    "plan": "Deploying",
    "apply": "Deploying",
    "pipeline": "Deploying",
    "cli": "Deploying",
    "door": "Asking",
    "aws": "AWS",
    "cost": "AWS",
    "local": "The embedded cloud (`lambda:/local`)",
    "shift": "Rollouts",
    "control": "Rollouts",
    "reconcile": "Reconcile and policy",
    "relay": "The relay",
    "tools": "The relay",
    "github": "GitHub",
    "export": "Templates",
}
"""Where a code comes from, in the user's words; pages keep this order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code, as one class says it."""

    code: str
    kind: str
    """Name of a member of `Kind`; empty where it is the cause's."""
    meaning: str
    help: str
    title: str


def entries() -> list[Entry]:
    """Every code of the package, without classes that only repeat their parent's."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if 'code = "' in text:
            found += list(_of_module(file, ast.parse(text)))
    return found


def page(exits: dict[str, int], mlflow: dict[str, str]) -> str:
    """
    The page in Markdown.

    Args:
        exits: Exit code of our own commands, by name of the kind.
        mlflow: MLflow's error code, likewise.
    """
    found = entries()
    parts = [_HEAD, *_kinds(exits, mlflow)]
    for title in dict.fromkeys(ROOMS.values()):
        here = sorted((e for e in found if e.title == title), key=lambda e: e.code)
        if here:
            parts += [f"\n## {title}\n", "| code | exit | meaning | what helps |"]
            parts += ["|---|---|---|---|", *_rows(here, exits)]
    return "\n".join([*parts, _FOOT])


_HEAD = """\
# Errors

<!-- Made by scripts/generate_reference.py; do not edit. -->

Every refusal says what happened, with the numbers; what to type next (`hint`); and a
code in brackets that does not change between releases. Find the code here.

    $ mlflow-serverless deploy fraud models:/fraud/1 -C memory=512 -t lambda:/local
    error: a mistake in the configuration: memory: unknown key; did you mean memory_mb?.
    hint: mlflow deployments help -t lambda lists every option.
    [bad-config]

`mlflow-serverless` prints the error alone; `--debug` adds where it came from, `--json`
prints it as one JSON object on stderr. In Python it is a
`mlflow_serverless.ServerlessError` with `code`, `kind`, `message` and `hint`. MLflow's
own commands and client raise it as an `MlflowException`: `mlflow deployments` shows a
traceback, of which the last line is the error.

## Exit codes

| exit | kind | whose move it is | `error_code` in MLflow |
|---|---|---|---|"""

_MOVES = {
    "INTERNAL": "something broke here; report it with the output of `--debug`",
    "BAD_INPUT": "yours: change what was asked",
    "NOT_FOUND": "yours: what you named is not there",
    "CONFLICT": "it exists already, or somebody else moved it: look again",
    "REFUSED": "asked properly, and declined with evidence: parity, audit, preflight",
    "DENIED": "credentials or permissions",
    "UNAVAILABLE": "try again later",
    "UNSUPPORTED": "not possible there",
}

_FOOT = """

## Codes of checks before a deployment

What audit and preflight find is refused together, as `refused`, each with a code of its
own: [audit](../security.md#what-is-refused),
[preflight](../aws.md#what-is-looked-at-first).

## Codes of the function

A function that cannot start posts an initialisation error whose type is a code
(`model-corrupt`, `model-unavailable`, `engine-missing`, `engine-crashed`, …);
`mlflow-serverless logs NAME` shows it ([cache](../cache.md), [runtime](../runtime.md)).
What callers get is in [protocol](../protocol.md#errors).
"""


def _kinds(exits: dict[str, int], mlflow: dict[str, str]) -> Iterator[str]:
    yield "| 0 | | done, or nothing to do | |"
    for kind, number in sorted(exits.items(), key=lambda item: item[1]):
        said = kind.lower().replace("_", "-")
        yield f"| {number} | `{said}` | {_MOVES[kind]} | `{mlflow[kind]}` |"
    yield "| 2 | | also: a mistake on the command line itself | |"
    yield "| 9 | | `advance`: the new version has lost its traffic (elsewhere: 5) | |"
    yield "| 10 | | `reconcile --dry-run`: something to do | |"
    yield "| 10 | | `delete`: something may be left that you may not look at | |"
    yield "| 11, 12 | | `advance --exit-code`: held; nothing to do | |"
    yield "| 130 | | Ctrl-C; a rollout stays where it is | |"


def _rows(found: Sequence[Entry], exits: dict[str, int]) -> Iterator[str]:
    for entry in found:
        number = str(exits[entry.kind]) if entry.kind else "its cause's"
        helps = entry.help or "what the message says"
        yield f"| `{entry.code}` | {number} | {entry.meaning} | {helps} |"


def _of_module(file: Path, tree: ast.Module) -> Iterator[Entry]:
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    title = ROOMS.get(room, ROOMS[""])
    for node in ast.walk(tree):
        code = _value(node, "code") if isinstance(node, ast.ClassDef) else ""
        if isinstance(node, ast.ClassDef) and code not in {"", "internal"}:
            kind = _value(node, "kind") or _kind_above(node, tree)
            meaning = (ast.get_docstring(node) or "").split("\n\n")[0]
            hint = _text(_hint(node), _texts(tree.body) | _own_texts(node))
            yield Entry(code, kind, _plain(meaning), _plain(hint), title)


def _value(node: ast.ClassDef, name: str) -> str:
    """What a class assigns to *name*: a text, or the last word of `Kind.NAME`."""
    for each in node.body:
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == name:
            value = each.value
            if isinstance(value, ast.Constant):
                return str(value.value)
            return value.attr if isinstance(value, ast.Attribute) else ""
    return ""


def _kind_above(node: ast.ClassDef, tree: ast.Module) -> str:
    """The kind that a class has from its parent in the module, or from the root."""
    parents = {ast.unparse(base) for base in node.bases}
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and each.name in parents:
            return _value(each, "kind") or _kind_above(each, tree)
    own = any("self.kind" in ast.unparse(part) for part in node.body)
    return "" if own else "INTERNAL"


def _texts(lines: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Names that *lines* give a text to."""
    return {
        ast.unparse(line.targets[0]): line.value
        for line in lines
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
    }


def _own_texts(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The same, of a class's own methods."""
    made = (each for each in node.body if isinstance(each, ast.FunctionDef))
    return _texts(line for method in made for line in method.body)


def _hint(node: ast.ClassDef) -> ast.expr | None:
    """What a class gives as its hint."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "self.hint":
            return each.value
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "super().__init__":
            for word in each.keywords:
                if word.arg == "hint":
                    return word.value
    return None


def _text(value: ast.expr | None, known: dict[str, ast.expr]) -> str:
    """A hint's words, with words in capitals for what is filled in."""
    said = ""
    match value:
        case ast.Constant(value=str(text)):
            said = text
        case ast.JoinedStr():
            said = "".join(_text(part, known) for part in value.values)
        case ast.BoolOp():
            said = _either(value.values, known)
        case ast.IfExp():
            said = _either((value.body, value.orelse), known)
        case ast.Name(id=name) if name in known:
            said = _text(known[name], known)
        case ast.FormattedValue():
            said = _filled(value.value, known)
    return said


def _filled(value: ast.expr, known: dict[str, ast.expr]) -> str:
    """What stands between braces: its text if it is known, or its name."""
    match value:
        case ast.Name(id=name) if name in known:
            return _text(value, known)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.upper()
        case _:
            return "…"


def _either(values: Sequence[ast.expr], known: dict[str, ast.expr]) -> str:
    said = filter(None, (_text(each, known) for each in values))
    return "; or: ".join(text.rstrip(".") for text in said)


def _plain(text: str) -> str:
    """*text* for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
