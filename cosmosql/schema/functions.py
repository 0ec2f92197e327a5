"""The functions that an expression may call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {"sweep": "Takes each of its values in turn; every combination makes a candidate of its own."}
)
"""Name to what it does."""
