"""A manifest over three folders, as small as the cache needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.cache_world import CacheWorld


@pytest.fixture
def world(tmp_path: Path):
    """Bundle, /tmp, and a mount, all empty."""
    with_world = CacheWorld(tmp_path)
    yield with_world
    with_world.close()
