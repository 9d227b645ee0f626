"""The command that hands a deployment over to other tools."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.session import Session, command, examples, named
from mlflow_serverless.cli.wish import Wish, wished
from mlflow_serverless.errors import Kind, ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.export import Syntax
    from mlflow_serverless.pipeline import Proposal

_TERRAFORM = ".tf.json"


class NotWrittenError(ServerlessError):
    """What was made could not be written where it was to be."""

    code = "not-written"
    kind = Kind.BAD_INPUT

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"{file} cannot be written: {why}.",
            hint="name another place with --output.",
        )


@click.command(
    epilog=examples(
        "mlflow-serverless export fraud models:/fraud@champion \\",
        "  -t lambda:/eu-central-1 --format terraform --output fraud.tf.json",
    )
)
@command
@named
@click.option(
    "--format", "form", type=click.Choice(["cloudformation", "terraform"]),
    required=True, help="The tool that will deploy it.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file (.yaml, .json; Terraform: .tf.json); else print it.",
)  # fmt: skip
@click.option(
    "--push", is_flag=True,
    help="Push the image (and a model kept in S3) to where the template expects it.",
)  # fmt: skip
@wished
def export(  # noqa: PLR0913 - one argument an option
    session: Session,
    *,
    name: str,
    wish: Wish,
    form: str,
    output: Path | None,
    push: bool,
) -> None:
    """
    Write a CloudFormation or Terraform template of NAME.

    It describes what `deploy` would make, for people who deploy with those tools.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.export import Format  # noqa: PLC0415 - as above

    syntax, world = _syntax(form, output), session.world()
    text, proposal = pipeline.hand_over(
        wish.kept(name), world, form=Format(form), syntax=syntax
    )
    pushed = pipeline.fill(proposal, world) if push else ()
    if output is None:
        click.echo(text, nl=False)
        return
    _write(output, text)
    said = {"name": name, "format": form, "file": str(output), "pushed": list(pushed)}
    session.result(said, lambda console: _show(proposal, output, pushed, console))


def _syntax(form: str, output: Path | None) -> "Syntax":
    """
    What the file is to be written in; CloudFormation's in YAML unless it is `.json`.

    Raises:
        click.UsageError: Terraform would not read a file of that name.
    """
    from mlflow_serverless.export import Syntax  # noqa: PLC0415 - as above

    name = output.name if output else ""
    if form == "terraform":
        if name and not name.endswith(_TERRAFORM):
            message = f"Terraform reads files that end with {_TERRAFORM}: name one."
            raise click.UsageError(message)
        return Syntax.JSON
    return Syntax.JSON if name.endswith((".json", ".template")) else Syntax.YAML


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise NotWrittenError(output, cause.strerror or str(cause)) from cause


def _show(
    proposal: "Proposal", output: Path, pushed: tuple[str, ...], console: Console
) -> None:
    console.print(f"{proposal.name} is in {escape(str(output))}, of {proposal.model}")
    for address in pushed:
        console.print(f"kept    {address}")
    if not pushed:
        console.print(
            "The image is not pushed: make the storage, then run this with --push; "
            "docs/export.md says how."
        )
