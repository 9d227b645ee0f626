"""Output, line by line."""

import asyncio
import os

from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.local.journal import LINE_CHARS
from mlflow_serverless.local.lines import Lines


def taken(pieces: list[bytes]) -> list[str]:
    async def write() -> list[str]:
        found: list[str] = []
        lines = Lines(found.append)
        for piece in pieces:
            os.write(lines.writer, piece)
            lines.drain()
        lines.handed_over()
        lines.drain()
        lines.close()
        return found

    return asyncio.run(write())


@given(
    text=st.text(st.characters(exclude_categories=["C"]), max_size=50),
    cut=st.integers(0, 60),
)
def test_lines_are_whole_however_they_are_written(text, cut):
    """Cut anywhere, even inside a character."""
    raw = f"{text}\n{text}\n".encode()

    assert [text, text] == taken([raw[:cut], raw[cut:]])


def test_a_last_line_without_an_end_counts():
    """A process may die in the middle of one."""
    assert taken([b"a\nb"]) == ["a", "b"]


def test_an_endless_line_is_cut():
    """Nobody's memory is filled by it."""
    found = taken([b"x" * 60_000] * 6)

    assert sum(map(len, found)) == 360_000
    assert max(map(len, found)) <= LINE_CHARS


def test_bytes_that_are_no_text_are_shown_as_such():
    """Never an error."""
    assert taken([b"\xff\n"]) == ["\ufffd"]
