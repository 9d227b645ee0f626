"""How much there is to read: lines that hold code, without words about it."""

import ast
import io
import tokenize
from pathlib import Path

_WORDLESS = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(path: Path) -> int:
    """Lines of *path* that hold code; not docstrings, comments, blanks."""
    source = path.read_text()
    said: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            said.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _WORDLESS:
            held.update(range(token.start[0], token.end[0] + 1))
    return len(held - said)
