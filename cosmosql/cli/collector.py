"""Python's search for circular garbage, in commands that build one large tree and end."""

from __future__ import annotations

import gc


def search_rarely() -> None:
    """Trees and programs hold no circles. While one of a hundred thousand nodes is built, the
    search would walk it again and again: half of the time of a long spec."""
    gc.set_threshold(100_000, 50, 100)
