"""What the documents tell people to type is there to be typed."""

import re
import shlex
from pathlib import Path

import click
import pytest

from mlflow_serverless.cli import main
from mlflow_serverless.config.describe import options

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "reference"),
]
GROUPS = {option.key.partition(".")[0] for option in options()} | {"config"}
KEYS = {option.key.removesuffix(".NAME") for option in options()}


def blocks(page: Path) -> list[str]:
    """Code of *page*: fenced, or indented by four."""
    text = page.read_text().replace("\\\n", " ")
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}\S.*$", text, re.MULTILINE)
    return [line for block in [*fenced, *indented] for line in block.splitlines()]


def commands(page: Path) -> list[list[str]]:
    """Calls of our command line in the code of *page*, as words."""
    found = []
    for line in blocks(page):
        call = line.partition("mlflow-serverless ")[2].partition("   #")[0]
        starts = re.fullmatch(
            r"[\s$|]*(.* \| )?", line.partition("mlflow-serverless")[0]
        )
        if call and starts and "…" not in call:
            found.append(shlex.split(call.partition(" > ")[0], comments=True))
    return found


def parsed(words: list[str]) -> None:
    """Raise click's error if there is no such command, or it has no such option."""
    command: click.Command = main
    while isinstance(command, click.Group):
        name, *words = words
        assert name in command.commands, name
        command = command.commands[name]
    command.make_parser(click.Context(command)).parse_args(list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_exists(page):
    """
    With the options that it is shown with.
    """
    for words in commands(page):
        if not words[0].startswith("-"):
            parsed(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_option_of_a_page_exists(page):
    """
    `-C key=value` is shown with keys that the configuration has.
    """
    for key in re.findall(r"-C ([a-z_0-9.]+)=", page.read_text()):
        head = key.partition(".")[0]
        known = key in KEYS or (key == head and head in GROUPS)
        assert known or head in {"environment", "tags"}, f"{page.name}: {key}"


def test_there_is_something_to_hold_to():
    """
    The pages are read as they are written.
    """
    found = sum(len(commands(page)) for page in PAGES)

    assert found > 60
