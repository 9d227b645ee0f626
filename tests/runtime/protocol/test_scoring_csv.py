"""Cells of CSV, asked of MLflow's server and of us: pandas' numbers, not Python's."""

from __future__ import annotations

import pytest
from protocol_differences import CSV
from test_scoring_frames import both, columns_pair

CELLS = (
    "1_0", "\u0663", " 1", "1 ", "\t1", "0x1", "+1", "1e5", "1E5", "inf", "-Infinity",
    "INF", "1.", ".5", "1e400", '"1,000"', "--1", "1L", "TRUE", "True", "true", "tRUE",
    "false", "1e", "9" * 30, "-0", "1e-400", "1d5", "nan", "NAN", "Nan", "N/A", "none",
    "<NA>", '"1"', '" 1"', "''", "9223372036854775807",
    "9223372036854775808", "2147483648", "\uff10\uff10", "1\u00a0", "1\x00", "0b1",
    "1j", "2021-01-01", "x", "", "yes", "t", "0", "1", "1.0", "0.5", "2", "-1",
)  # fmt: skip
"""What Python and pandas read alike, and what they do not."""

WORDS = frozenset({"TRUE", "True", "true", "tRUE", "false"})


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    "type_", ["double", "float", "long", "integer", "boolean", "string"]
)
def test_cells_are_what_pandas_takes_them_for(type_, required):
    """Same status and value for every cell, alone and beside a plain one."""
    pair = columns_pair(("a", type_, required), ("s", "string", True))
    for cell in CELLS:
        for rows in (f"{cell},x\n", f"1,x\n{cell},y\n"):
            if type_ == "string" and rows.startswith("1,"):
                continue  # pandas guesses numbers there: see the table
            theirs, ours = both(pair, f"a,s\n{rows}", "text/csv")
            if cell in WORDS and type_ not in {"boolean", "string"}:
                assert CSV
                assert 400 == ours[0]
            elif theirs[0] >= 400 or ours[0] >= 400:
                assert theirs[0] == ours[0], (cell, rows)
            else:
                assert theirs == ours, (cell, rows)


@pytest.mark.parametrize(
    "body",
    ['\ufeff"a",s\n1,x\n', "a,s\n \n1,x\n", "a,s\n1,x\n\n\n", "a,s\n1,x",
     'a,s\n1,"x\ny"\n2,z\n', 'a,s\r\n1,"x ""q"""\r\n', "a,s\n1, x \n",
     "a,s\n1,\ufeff\n",
     "s,a\nx,1\n", '"a","s"\n"1","x"\n', "a,s\n1,#x\n", "a,s\n1,'x,y'\n"],
)  # fmt: skip
def test_what_is_around_the_cells_means_the_same(body):
    """Marks of byte order, blank lines, quotes, line ends, order of columns."""
    pair = columns_pair(("a", "double", True), ("s", "string", True))
    theirs, ours = both(pair, body, "text/csv")

    assert theirs[0] == ours[0]
    assert theirs == ours or theirs[0] >= 400
