"""`docs/protocol.md` lists what the tests show."""

from __future__ import annotations

from pathlib import Path

import pytest
from protocol_builders import get, of_matrix, serve
from protocol_differences import ALL

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_tested_difference_is_in_the_table(name):
    """A difference that a test allows has its row, and so its reason."""
    assert f"\n| {name} |" in PAGE


@pytest.mark.parametrize(
    "path", ["/ping", "/health", "/version", "/openapi.json", "/v2"]
)
def test_every_documented_path_is_served(path):
    """Paths the page names exist."""
    assert f"`{path}`" in PAGE
    assert 200 == get(serve(of_matrix(2))[0], path).status
