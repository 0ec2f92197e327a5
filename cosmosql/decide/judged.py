"""An option with its verdict and the draws that the choice is made by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import Miss, Verdict
from cosmosql.decide.formulas import Array, Strategies, measures_in, values
from cosmosql.decide.requirements import feasible_draws, judge
from cosmosql.decide.subject import Subject
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Query
from cosmosql.predict.forecast import Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An option with its verdict and its objective's draws (larger is better)."""

    subject: Subject
    verdict: Verdict
    misses: tuple[Miss, ...]
    objective: Array | Unmeasured = field(repr=False)
    feasible: NDArray[np.bool_] = field(repr=False)


def judge_one(query: Query, subject: Subject, strategies: Strategies) -> Judged:
    verdict, misses = judge(query.requirements, subject, strategies)
    objective = values(query.objective.formula, subject, strategies)
    draws = draws_of(subject)
    if not isinstance(objective, Unmeasured):
        sign = 1.0 if query.objective.direction == "maximize" else -1.0
        objective = np.array(np.broadcast_to(sign * objective, (draws,)))
    return Judged(
        subject=subject,
        verdict=verdict,
        misses=misses,
        objective=objective,
        feasible=feasible_draws(query.requirements, subject, strategies, draws),
    )


def draws_of(subject: Subject) -> int:
    """How many draws the subject's quantities have; 1 where all are unmeasured."""
    known = [one for one in subject.quantities.values() if isinstance(one, Distribution)]
    return max((len(one.draws) for one in known), default=1)


def is_ratio(query: Query, subject: Subject) -> bool:
    """Whether the objective is the metric itself or another formula over plain ratios."""
    return all(
        measure.name == subject.metric_name for measure in measures_in(query.objective.formula)
    )


def expected(judged: Judged) -> float:
    return float(np.mean(judged.objective)) if not isinstance(judged.objective, Unmeasured) else 0.0
