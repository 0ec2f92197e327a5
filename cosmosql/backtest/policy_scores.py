"""Forecasts of policies against their truth: rows of the document, and scores over them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from cosmosql.artifact.backtest import BacktestPolicy, Interval, PolicyScores
from cosmosql.backtest.policies import PolicyTruth
from cosmosql.backtest.resampling import interval, mean
from cosmosql.decide.decision import PolicyForecast
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured


def policy_row(policy: PolicyForecast, found: PolicyTruth | Unmeasured) -> BacktestPolicy:
    """A policy that was forecast, beside what its members' answers make of it."""
    if isinstance(policy.metric, Unmeasured):
        raise ValueError(f"{policy.name} was not forecast")
    known = None if isinstance(found, Unmeasured) else found
    return BacktestPolicy(
        name=policy.name,
        kind=policy.kind,
        basis=policy.basis,
        predicted=policy.metric.value,
        low=policy.metric.low,
        high=policy.metric.high,
        measured=known.truth.metric if known else None,
        members=policy.members,
        standard_error=rounded(known.truth.standard_error) if known else None,
        runs=known.truth.runs if known else (),
        asked=tuple(rounded(share) for share in policy.asked),
        asked_measured=tuple(rounded(share) for share in known.asked) if known else (),
        refused=(policy.note or "").startswith("refused"),
        reason=found.reason if isinstance(found, Unmeasured) else None,
    )


def policy_scores(rows: Sequence[BacktestPolicy], *, seed: int) -> PolicyScores | None:
    """Scores over the policies whose basis is predicted and whose truth is known; None where there
    are none."""
    judged = [one for one in rows if one.basis == "predicted" and one.measured is not None]
    if not judged:
        return None
    errors = np.array(
        [100 * (one.measured or 0.0) - 100 * (one.predicted or 0.0) for one in judged]
    )
    inside = np.array(
        [(one.low or 0.0) <= (one.measured or 0.0) <= (one.high or 0.0) for one in judged], float
    )
    asked = np.array(
        [100 * np.mean(np.abs(np.subtract(one.asked, one.asked_measured))[1:]) for one in judged]
    )
    values = {
        "mae_points": np.abs(errors),
        "bias_points": errors,
        "coverage": inside,
        "asked_points": asked,
    }
    spans = {
        name: interval(partial(mean, values=found), len(judged), seed=seed)
        for name, found in values.items()
    }
    points = {name: rounded(float(found.mean())) for name, found in values.items()}
    return PolicyScores(
        predicted=len(judged),
        **points,
        intervals={
            name: Interval(low=rounded(span[0]), high=rounded(span[1]))
            for name, span in spans.items()
            if span is not None
        },
    )
