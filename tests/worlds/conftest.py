"""The package of simulated worlds, installed for the tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cosmosql.schema import registry

PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture(autouse=True)
def worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registry knows `using simulated` while the test runs."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    registry._places.cache_clear()
    yield
    registry._places.cache_clear()
