"""What a reader wants to know of a decision beyond it: how far policies are from what could be, how
well signals are calibrated, and where the chosen one does worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.decide.calibration import Calibration, calibrations
from cosmosql.decide.decision import Decision
from cosmosql.decide.references import Reference, expected_scores, references
from cosmosql.policies.slices import Slices, worst_slices
from cosmosql.predict.forecast import Distribution, Forecast

Traits = Mapping[str, Mapping[str, str]]
"""What rows have in common: by what, and by each row's identity, its part's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    references: tuple[Reference, ...]
    calibrations: tuple[Calibration, ...]
    slices: Slices | None


def examine(
    forecasts: Sequence[Forecast], decision: Decision, traits: Traits, *, seed: int
) -> Examined:
    """Judged on the validation rows that the decision rests on; nothing is decided by it."""
    return Examined(
        references=references(forecasts, decision.policies, seed=seed),
        calibrations=calibrations(forecasts, decision.policies, seed=seed),
        slices=slices_of(forecasts, decision, traits),
    )


def slices_of(forecasts: Sequence[Forecast], decision: Decision, traits: Traits) -> Slices | None:
    """The worst slices of the chosen one; None where its rows are not known one by one."""
    scores = chosen_scores(forecasts, decision)
    if not scores:
        return None
    names = {by: [parts.get(row) for row in scores] for by, parts in traits.items()}
    return worst_slices(np.array(list(scores.values())), names)


def chosen_scores(forecasts: Sequence[Forecast], decision: Decision) -> Mapping[str, float]:
    """The expected score of the chosen candidate or policy on each of its rows."""
    policy = next((one for one in decision.policies if one.name == decision.chosen), None)
    if policy is not None and policy.scores:
        return policy.scores
    single = policy is not None and len(policy.members) == 1
    name = policy.members[0] if policy is not None and single else decision.chosen
    for one in forecasts:
        if one.candidate.name == name and one.items is not None:
            if not isinstance(one.metric, Distribution):
                return {}
            expected = expected_scores(one, one.items.rows)
            return dict(zip(one.items.rows, (float(value) for value in expected), strict=True))
    return {}
