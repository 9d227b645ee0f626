"""The state file: sound, or a clear error."""

import sqlite3
from contextlib import contextmanager

import pytest

from mlflow_serverless.local.database import opened, transaction
from mlflow_serverless.local.errors import (
    StateCorruptError,
    StateNewerError,
    StateUnreachableError,
)
from mlflow_serverless.local.ledger import SCHEMA, Ledger
from mlflow_serverless.plan import (
    Actual,
    CreateFunction,
    Function,
    PublishVersion,
    Settings,
    after,
    content_of,
)
from mlflow_serverless.store import DiskFullError

FUNCTION = Function(
    name="it",
    artifact="sha256:a",
    settings=Settings(memory_mb=128, timeout_s=3, environment=(("KEY", "v"),)),
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "state.db"


@pytest.fixture
def ledger(file):
    return Ledger(file)


@contextmanager
def tight(connection, pages):
    """A transaction in a file that may not grow beyond *pages*."""
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with transaction(connection):
        yield


def take(ledger: Ledger, step) -> Actual:
    return ledger.change("it", lambda have, fresh: after(step, have, fresh))


def filled(ledger: Ledger) -> Actual:
    take(ledger, CreateFunction(FUNCTION, (("team", "ü"),)))
    return take(ledger, PublishVersion("it", content_of(FUNCTION), "note"))


def test_what_is_written_is_read(ledger):
    """Every field comes back as it was."""
    made = filled(ledger)

    assert made == ledger.look("it")
    assert made.function == FUNCTION
    assert ledger.names() == ("it",)


def test_a_change_that_fails_changes_nothing(ledger):
    """One transaction: all or nothing."""
    made = filled(ledger)

    def fail(have, fresh) -> Actual:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.change("it", fail)
    assert made == ledger.look("it")


def test_versions_cannot_be_written_again(ledger, file):
    """The file itself refuses to change a version."""
    filled(ledger)
    with (
        pytest.raises(StateCorruptError, match="immutable"),
        opened(file, SCHEMA) as connection,
    ):
        connection.execute("UPDATE versions SET artifact = 'other'")


@pytest.mark.parametrize(
    "garbage", [b"not a database at all, but text" * 40, b"\0" * 9]
)
def test_a_file_that_is_no_database_is_told(ledger, file, garbage):
    """With the file's name, and what to do."""
    file.parent.mkdir()
    file.write_bytes(garbage)

    with pytest.raises(StateCorruptError, match=r"state\.db") as caught:
        ledger.names()

    assert "move" in caught.value.hint
    assert garbage == file.read_bytes()


def test_a_file_damaged_in_the_middle_is_told(ledger, file):
    """Also when its head is sound."""
    filled(ledger)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)

    with pytest.raises(StateCorruptError):
        ledger.look("it")


def test_a_damaged_row_is_told(ledger, file):
    """A value that is not what this release wrote is no crash."""
    filled(ledger)
    with opened(file, SCHEMA) as connection:
        connection.execute("UPDATE functions SET settings = '{\"memory_mb\":'")

    with pytest.raises(StateCorruptError, match="damaged row"):
        ledger.look("it")


def test_a_table_that_is_gone_is_told(ledger, file):
    """As damage, not as a bug."""
    filled(ledger)
    with opened(file, SCHEMA) as connection:
        connection.execute("DROP TABLE aliases")

    with pytest.raises(StateCorruptError, match="aliases"):
        ledger.look("it")


def test_state_of_a_newer_release_is_left_alone(ledger, file):
    """An older release does not guess."""
    filled(ledger)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()

    with pytest.raises(StateNewerError, match="schema 2"):
        ledger.look("it")


def test_a_full_disk_is_told_and_changes_nothing(ledger, file):
    """A transaction that does not fit is taken back."""
    made = filled(ledger)

    rows = [(f"name-{i}", "x" * 1000, "{}", "[]") for i in range(1000)]
    with (
        pytest.raises(DiskFullError),
        opened(file, SCHEMA) as connection,
        tight(connection, pages=1),
    ):
        connection.executemany("INSERT INTO functions VALUES (?, ?, ?, ?)", rows)

    assert made == ledger.look("it")
    assert ledger.names() == ("it",)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """With its path, as something to put right."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StateUnreachableError, match="file"):
        Ledger(tmp_path / "file" / "state.db").names()


def test_readers_do_not_wait_for_a_writer(ledger, file):
    """While a change is under way, the state before it is seen."""
    made = filled(ledger)
    with opened(file, SCHEMA) as connection, transaction(connection):
        connection.execute("DELETE FROM functions")
        assert made == ledger.look("it")
        connection.execute("INSERT INTO functions VALUES ('it', '', '{}', '[]')")
