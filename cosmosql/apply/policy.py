"""Who answers a row: the chosen policy, over members that are ready."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.identity import rounded, seed_of
from cosmosql.policies.cut import cut_at
from cosmosql.schema.kinds import RISING

FULL_RANGE = 1 << 63
"""`seed_of` is uniform below this."""

LARGEST = 1e300
"""Stands for an infinite threshold, which JSON cannot write: no confidence that is known is beyond
it, and that of a row without the signal (minus infinity) is still below its negative."""


def confidence(signals: Mapping[str, float], signal: str) -> float:
    """How sure an answer is, larger is surer; minus infinity where the signal is absent, so that
    such a row is the first to go on to the next tier."""
    found = signals.get(signal, math.nan)
    if math.isnan(found):
        return -math.inf
    return found if signal in RISING else -found


def calibrated(policy: BundlePolicy, confidences: Sequence[float]) -> BundlePolicy:
    """The cascade with its threshold set so that, on these calibration rows, as large a share goes
    on as the plan says. No label is looked at. Other policies come back as they are.

    The threshold is one that the bundle's manifest can hold: what is measured is what will answer.
    """
    if policy.kind != "cascade" or policy.share is None or not confidences:
        return policy
    limit = cut_at(np.asarray(confidences, np.float64), policy.share).threshold
    return policy.model_copy(update={"thresholds": (rounded(min(max(limit, -LARGEST), LARGEST)),)})


def goes_on(policy: BundlePolicy, signals: Mapping[str, float]) -> bool:
    """Whether the first member of a cascade hands a row to the next one: below the threshold, or
    where there is none, without the signal."""
    limit = policy.thresholds[0] if policy.thresholds else -LARGEST
    return confidence(signals, policy.signal or "") < limit


def drawn_for_last(policy: BundlePolicy, row: str) -> bool:
    """Whether a mix sends a row to its last member: a fair draw that depends on the row alone."""
    return seed_of("mix", row) / FULL_RANGE < (policy.share or 0.0)
