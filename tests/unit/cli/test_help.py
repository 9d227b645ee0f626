"""Help is complete, says it in one style, and fits a terminal."""

from collections.abc import Iterator
from itertools import chain

import click
import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.cli.sections import SECTIONS
from mlflow_serverless.config.describe import options

WIDTH = 80


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """*command* and all below it, with what is typed for them."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(f"{path} {name}", inner)


ALL = dict(commands("mlflow-serverless", main))


@pytest.fixture
def run(home, monkeypatch):
    """Call the command line; nothing is deployed."""
    monkeypatch.setenv("MLFLOW_SERVERLESS_TARGET", "lambda:/local")
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.parametrize("path", ALL)
def test_every_option_is_explained_in_a_sentence(path):
    """
    One that begins with a capital and ends with a full stop.
    """
    for option in ALL[path].params:
        if isinstance(option, click.Option):
            said = option.help or ""
            assert said[:1].isupper() or ":" in said[:14], (path, option.name)
            assert said.endswith("."), (path, option.name)


@pytest.mark.parametrize("path", ALL)
def test_what_a_command_does_fits_into_the_list_of_commands(path):
    """
    Nobody has to guess what stood behind dots.
    """
    shown = CliRunner().invoke(ALL[path], ["--help"], terminal_width=WIDTH).output

    listed = shown.partition("Options:")[2] if path != "mlflow-serverless" else shown
    assert "...\n" not in listed.replace("[OPTIONS]", "").replace("ARGS]...", "")
    assert [] == [line for line in shown.splitlines() if len(line) > WIDTH]


def test_every_command_is_in_one_section():
    """
    Of those that the first page of help has.
    """
    listed = list(chain.from_iterable(SECTIONS.values()))

    assert sorted(main.commands) == sorted(listed)


def test_a_hint_that_names_a_command_names_the_target_that_was_typed(run, monkeypatch):
    """
    Typed as it stands, it would go to AWS.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    words = ("deploy", "x", "models:/x/1")

    assert "(with -t lambda:/local)." in run(*words, "-t", "lambda:/local").stderr
    assert "(with -t" not in run(*words).stderr


def test_who_names_no_target_is_told_of_this_machine(run, monkeypatch):
    """
    AWS is the default, and the first thing that a newcomer has none of.
    """
    monkeypatch.delenv("MLFLOW_SERVERLESS_TARGET")

    assert "-t lambda:/local." in run("status").stderr
    assert "-t lambda:/local." not in run("status", "-t", "lambda").stderr


def test_options_with_a_unit_say_it():
    """
    Seconds, milliseconds and megabytes, in brackets behind what they count.
    """
    units = {"_s": "[s]", "_ms": "[ms]", "_mb": "[MB]", "_days": "[days]"}
    for option in options():
        for ending, unit in units.items():
            if option.key.endswith(ending):
                assert unit in option.meaning, option.key
