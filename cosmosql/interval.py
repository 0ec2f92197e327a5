"""Measured and predicted numbers: an estimate with its interval, or the reason there is none.

An unknown quantity is never a number: it is `Unmeasured(reason)`, which neither satisfies nor
violates any requirement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its two-sided interval, judged on `n` items (`n >= 1`).

    A shown interval is the 90 % one unless the field that holds it says otherwise.

    >>> Estimate(0.8, 0.75, 0.84, 200)
    Estimate(value=0.8, low=0.75, high=0.84, n=200)
    >>> Estimate(0.8, 0.9, 1.0, 200)
    Traceback (most recent call last):
        ...
    ValueError: interval [0.9, 1.0] does not hold 0.8
    """

    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if not math.isfinite(number):
                raise ValueError(f"an estimate is finite, got {number}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"interval [{self.low}, {self.high}] does not hold {self.value}")
        if self.n < 1:
            raise ValueError(f"an estimate rests on at least one item, got n = {self.n}")

    @classmethod
    def exact(cls, value: float, n: int = 1) -> Self:
        """An estimate without spread: a declared price, a counted token."""
        return cls(value, value, value, n)


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """The absence of a number, with the reason a reader would ask for."""

    reason: str
