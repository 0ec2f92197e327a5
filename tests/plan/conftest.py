"""The fake extension package of the probes' tests, installed for the tests of this directory."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cosmosql.schema import registry

PLUGINS = Path(__file__).parents[1] / "probes" / "plugins"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the fake extensions; the registry knows them while the test runs."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    registry._places.cache_clear()
    yield importlib.import_module("cosmosql_fakes")
    sys.modules.pop("cosmosql_fakes", None)
    registry._places.cache_clear()
