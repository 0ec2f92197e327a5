"""How sure a tier's answer is, by one of its signals."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from cosmosql.contracts.policy import Array
from cosmosql.policies.rows import coarse
from cosmosql.schema.kinds import RISING

SUBSTITUTES = ("margin", "label_margin", "mean_logprob")
"""What stands in, in this order, for a signal that a tier does not give."""


def signal_of(signals: Mapping[str, Array], wanted: str) -> str | None:
    """The signal asked for, or the first substitute that some row has."""
    for name in (wanted, *SUBSTITUTES):
        if name in signals and bool(np.isfinite(signals[name]).any()):
            return name
    return None


def confidences(signals: Mapping[str, Array], name: str | None, rows: int) -> Array:
    """How sure each row's answer is, larger is surer; a row without the signal is the least
    sure."""
    if name is None or name not in signals:
        return np.full(rows, -np.inf)
    found = signals[name] if name in RISING else -signals[name]
    return coarse(np.where(np.isfinite(found), found, -np.inf))


def confidence(signals: Mapping[str, float], name: str | None) -> float:
    found = signals.get(name, math.nan) if name is not None else math.nan
    if not math.isfinite(found):
        return -math.inf
    return float(coarse(np.array(found if name in RISING else -found)))
