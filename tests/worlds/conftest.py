"""The packages of simulated worlds and of replays, installed for the tests of this directory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosmosql.schema import registry

PLUGINS = str(Path(__file__).parent / "plugins")


@pytest.fixture(autouse=True, scope="module")
def worlds() -> Iterator[None]:
    """The registry knows `using simulated` while the tests of a module run."""
    sys.path.insert(0, PLUGINS)
    registry._places.cache_clear()
    yield
    sys.path.remove(PLUGINS)
    registry._places.cache_clear()
