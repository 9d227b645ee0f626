"""What the graph finds that the model raises for is refused, whoever asks and how."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from lambda_runtime.manifest import CHECKED, Check, Manifest
from lambda_runtime.manifest_read import from_plain
from lambda_runtime.manifest_write import to_plain
from lambda_runtime.tensor import Value
from tests.runtime.protocol.protocol_builders import content, of_matrix, post, serve
from tests.runtime.protocol.test_gaps import FORMS, PLAIN

CHECKS = (Check("unseen", "city"), Check("overflow"))


def checked(*marks: int) -> tuple[Manifest, dict[str, Value]]:
    """A model with checks, and what its graph says of two rows."""
    plain = of_matrix(2)
    made = plain._replace(answer=plain.answer._replace(checks=CHECKS))
    rows = len(marks)
    names = {field.output for field in made.answer.fields}
    said = {name: Value("float32", (rows,), bytes(4 * rows)) for name in names}
    marked = Value("int64", (rows,), struct.pack(f"<{rows}q", *marks))
    return made, said | {CHECKED: marked}


def asked(form: str, *marks: int) -> Any:
    """Two plain rows, posted in *form*, of which the graph says *marks*."""
    made, said = checked(*marks)
    service, spy = serve(made)
    spy.answers = said
    return post(service, **FORMS[form](PLAIN))


@pytest.mark.parametrize("form", FORMS)
def test_a_marked_row_is_400_in_every_form(form: str) -> None:
    """
    The answer is MLflow's BAD_REQUEST, and names the kind, the column and the row.
    """
    found = asked(form, 0, 1)

    said = content(found)
    assert (400, "BAD_REQUEST") == (found.status, said["error_code"])
    assert "no unknown categories in column 'city'" in said["message"]
    assert "row 1" in said["message"]


@pytest.mark.parametrize("form", FORMS)
def test_rows_without_marks_are_answered(form: str) -> None:
    """
    Nothing is found, nothing is refused; and no caller sees the marks.
    """
    found = asked(form, 0, 0)

    assert 200 == found.status
    assert CHECKED not in found.body.decode()


def test_the_first_marked_row_is_named() -> None:
    """
    Of several rows the first; a check of no single column names none.
    """
    message = content(asked("split", 2, 1))["message"]

    assert "row 0" in message
    assert "column" not in message


def test_a_manifest_keeps_its_checks() -> None:
    """
    To JSON values and back; one of before there were checks has none.
    """
    made, _ = checked(0)
    plain = to_plain(made)

    assert made == from_plain(plain)
    del plain["answer"]["checks"]
    assert () == from_plain(plain).answer.checks
