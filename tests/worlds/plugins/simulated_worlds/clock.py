"""Time in a world: it passes by what models do, so that meters of seconds tell the same always."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


CLOCK = Clock()


@contextmanager
def simulated_time() -> Iterator[Clock]:
    """What the process takes for its monotonic clock is the world's."""
    with patch("time.monotonic", CLOCK):
        yield CLOCK
