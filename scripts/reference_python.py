"""The page of the Python functions, read off their sources."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "mlflow_serverless"
MODULES = ("api.py", "rolling.py")
_HEAD = """\
# Python

<!-- Made by scripts/generate_reference.py; do not edit. -->

    import mlflow_serverless

Made for training scripts, right after `log_model`. Each function takes the target as
`target=`: `"lambda:/local"`, or `"lambda"` (the default) and `"lambda:/REGION"` for
AWS. [Options](config.md) are keyword arguments, groups of them mappings:
`deploy("fraud", uri, memory_mb=512, strategy={"name": "canary"})`. What goes wrong is
a `mlflow_serverless.ServerlessError` with `code`, `message` and `hint`
([errors](errors.md)).

MLflow's own client does the same as its commands: what
`mlflow.deployments.get_deploy_client("lambda:/local")` returns has `create_deployment`,
`update_deployment`, `predict` and the others.
"""


def page() -> str:
    """The page in Markdown."""
    parts = [_HEAD]
    for name in MODULES:
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        parts += list(_functions(tree))
    return "\n".join(parts)


def _functions(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            said = inspect.cleandoc(ast.get_docstring(node) or "")
            yield f"## {node.name}\n\n```python\n{_signature(node)}\n```\n"
            yield f"```text\n{said}\n```\n"


def _signature(node: ast.FunctionDef) -> str:
    """The call as it is written, one argument a line where it is long."""
    arguments = list(_arguments(node.args))
    back = ast.unparse(node.returns) if node.returns else "None"
    whole = f"{node.name}({', '.join(arguments)}) -> {back}"
    if len(whole) <= 80:
        return whole
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{node.name}(\n{lines}) -> {back}"


def _arguments(given: ast.arguments) -> Iterator[str]:
    bare: list[None] = [None] * (len(given.args) - len(given.defaults))
    for argument, default in zip(given.args, [*bare, *given.defaults], strict=True):
        yield _argument(argument, default)
    if given.kwonlyargs:
        yield "*"
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _argument(argument, default)
    if given.kwarg:
        yield f"**{_argument(given.kwarg, None)}"


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    said = ast.unparse(argument)
    if default is None:
        return said
    return f"{said} = {ast.unparse(default).replace('DEFAULT_TARGET', repr('lambda'))}"
