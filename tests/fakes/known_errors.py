"""Our errors, as their classes' sources say: none is imported, and none forgotten."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "mlflow_serverless"
ROOT = "ServerlessError"
ANY = "…"


@dataclass(frozen=True)
class Known:
    """One class of errors, as its source says."""

    name: str
    base: str
    room: str
    code: str
    kind: str
    """Member of `errors.Kind`."""
    meaning: str
    hint: str
    """What to type next; what is filled in later is in capitals, or `…`."""


def known() -> list[Known]:
    """Every class with a code of its own that derives from `ServerlessError`."""
    found = [one for file in sorted(PACKAGE.rglob("*.py")) for one in _in(file)]
    by_name = {one.name: one for one in found}
    whole = [_whole(one, by_name) for one in found if one.code and one.name != ROOT]
    return sorted(whole, key=lambda one: (one.code, one.room))


def _in(file: Path) -> Iterator[Known]:
    room = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
    module = ast.parse(file.read_text(encoding="utf-8"))
    texts = dict(_constants(module))
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            said = dict(_constants(node))
            yield Known(
                name=node.name,
                base=ast.unparse(node.bases[0]) if node.bases else "",
                room=room,
                code=said.get("code", ""),
                kind=said.get("kind", "").removeprefix("Kind."),
                meaning=_first_lines(ast.get_docstring(node) or ""),
                hint=next(_hints(node, texts), ""),
            )


def _constants(node: ast.ClassDef | ast.Module) -> Iterator[tuple[str, str]]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            value = line.value
            plain = value.value if isinstance(value, ast.Constant) else None
            yield line.targets[0].id, str(plain or ast.unparse(value))


def _hints(node: ast.ClassDef, texts: Mapping[str, str]) -> Iterator[str]:
    """What is given as `hint=`, or set as `self.hint`."""
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg == "hint":
            yield _text(part.value, texts)
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "self.hint":
            yield _text(part.value, texts)


def _whole(one: Known, by_name: Mapping[str, Known]) -> Known:
    """*one*, with what it does not say itself as its base says it."""
    base = by_name.get(one.base)
    if base is None:
        return one
    base = _whole(base, by_name)
    return replace(one, kind=one.kind or base.kind, hint=one.hint or base.hint)


def _text(node: ast.expr, texts: Mapping[str, str]) -> str:  # noqa: PLR0911 - one case a form
    """An expression of *texts* (constants by name) as a reader would want it."""
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.JoinedStr():
            return "".join(_text(part, texts) for part in node.values)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return texts.get(name) or name.upper()
        case ast.IfExp():
            either = (_text(part, texts) for part in (node.body, node.orelse))
            return " · ".join(filter(None, either))
        case ast.BoolOp():
            return _text(node.values[-1], texts)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="format")):
            return re.sub(r"\{\d?\}", ANY, texts.get(name, ANY))
        case ast.Call(func=ast.Attribute(attr="get"), args=[_, default]):
            return f"{ANY} · {_text(default, texts)}"
        case _:
            return ANY


def _first_lines(docstring: str) -> str:
    return " ".join(docstring.partition("\n\n")[0].split())
