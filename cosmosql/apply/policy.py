"""Who answers a row: the chosen policy, over members that are ready."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.decide.tiers import RISING, threshold
from cosmosql.identity import seed_of

FULL_RANGE = 1 << 63
"""`seed_of` is uniform below this."""


def confidence(signals: Mapping[str, float], signal: str) -> float:
    """How sure an answer is, larger is surer; minus infinity where the signal is absent, so that
    such a row is the first to go on to the next tier."""
    found = signals.get(signal, math.nan)
    if math.isnan(found):
        return -math.inf
    return found if signal in RISING else -found


def calibrated(policy: BundlePolicy, confidences: Sequence[float]) -> BundlePolicy:
    """The cascade with its threshold set so that, on these calibration rows, as large a share goes
    on as the plan says. No label is looked at. Other policies come back as they are."""
    if policy.kind != "cascade" or policy.share is None or not confidences:
        return policy
    limit = threshold(np.asarray(confidences, np.float64), policy.share)
    return policy.model_copy(update={"thresholds": (limit,)})


def goes_on(policy: BundlePolicy, signals: Mapping[str, float]) -> bool:
    """Whether the first member of a cascade hands a row to the next one."""
    return confidence(signals, policy.signal or "") < policy.thresholds[0]


def drawn_for_last(policy: BundlePolicy, row: str) -> bool:
    """Whether a mix sends a row to its last member: a fair draw that depends on the row alone."""
    return seed_of("mix", row) / FULL_RANGE < (policy.share or 0.0)
