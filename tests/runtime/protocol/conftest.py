"""Fixtures of the protocol's tests: the helpers beside them can be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def fast_json() -> Iterator[None]:
    """The faster JSON library in place, and taken away again."""
    from lambda_runtime.protocol import json_text

    assert json_text.prefer_fast()
    yield
    json_text.prefer_plain()
