"""Logs outlive damage, and never stop what they tell of."""

import pytest

from mlflow_serverless.local.errors import StateCorruptError
from mlflow_serverless.local.journal import Entry, Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "log.db")


def entry(at: float, text: str = "hello", name: str = "it") -> Entry:
    return Entry(at, name, "1", "env", text)


def test_nothing_was_said_yet(journal):
    """Reading does not make a file."""
    assert list(journal.lines("it", None)) == []
    assert not journal._file.exists()


def test_a_damaged_file_is_put_aside_by_the_writer(journal, tmp_path):
    """A new one is begun; the old one stays to be looked at."""
    journal._file.write_bytes(b"garbage" * 999)
    with pytest.raises(StateCorruptError):
        list(journal.lines("it", None))

    journal.write([entry(1.0)])

    assert [line.text for line in journal.lines("it", None)] == ["hello"]
    assert (tmp_path / "damaged-log.db").exists()


@pytest.mark.parametrize(
    "text", ['{"_aws":', '["_aws"]', '{"a":"_aws"}', '{"a":{"_aws":1}}']
)
def test_only_objects_with_the_mark_are_metrics(journal, text):
    """What looks like one and is none is a line like any other."""
    journal.write([entry(1.0, text)])

    assert list(journal.metrics("it", None)) == []
    assert [text] == [line.text for line in journal.lines("it", None)]


def test_the_oldest_lines_go_first(tmp_path):
    """So that logs do not grow for ever."""
    journal = Journal(tmp_path / "log.db", keep=10)
    journal.write([entry(float(i), str(i)) for i in range(15)])

    journal.trim()

    kept = [line.text for line in journal.lines("it", None)]
    assert [str(i) for i in range(5, 15)] == kept
