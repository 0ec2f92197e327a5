"""Policies over a pair of tiers, scored on rows that they were not fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cosmosql.contracts.policy import Array, Known, Seen, Ways
from cosmosql.identity import seed_of
from cosmosql.policies.curves import answering, budget_grid, resampled, spends
from cosmosql.policies.rows import FOLDS, Index, folds_by, part, seen_part

DRAWS = 2000

SEED = 0


class Serves(Protocol):
    """What of a fitted policy is scored."""

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways: ...


class Methods(Protocol):
    """Ways to make policies from rows whose outcomes are known, each by its name."""

    def __call__(self, known: Known, *, seed: int) -> Mapping[str, Serves]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A method on every row: what its answers score, mean over budgets, shape (rows,), so that its
    AUC is the mean over rows; `spent` beyond the budget, at worst, as a share of the dearer tier's
    cost."""

    rows: Array = field(repr=False)
    overspent: float

    @property
    def auc(self) -> float:
        return float(self.rows.mean())


def scored(
    runs: Sequence[Known], methods: Methods, *, labels: int | None = None
) -> dict[str, Result]:
    """Each method's result, cross-fitted by question: rows with one text are in one fold. The folds
    take the runs in turn: each is fitted and scored on answers of one and the same pair of models.
    `labels` is how many rows a fold is fitted on at most."""
    questions = runs[0].seen.questions
    folds = folds_by([one.text for one in questions])
    budgets = budget_grid(runs[0].seen.costs)
    rows: dict[str, Array] = {}
    spent: dict[str, Array] = {}
    for fold in range(FOLDS):
        known = runs[fold % len(runs)]
        inside = np.flatnonzero(folds == fold)
        learnt = part(known, learnt_from(folds, fold, labels))
        seen, scores = seen_part(known.seen, inside), known.scores[:, inside]
        for name, policy in methods(learnt, seed=SEED).items():
            ways = policy.ways(seen, budgets.tolist())
            own = rows.setdefault(name, np.zeros(len(questions)))
            own[inside] = (answering(ways, budgets) * scores).sum(axis=0)
            paid = spends(ways, seen.costs) * len(inside) / len(questions)
            spent[name] = spent.get(name, np.zeros(len(budgets))) + paid
    dearest = float(runs[0].seen.costs.max())
    return {
        name: Result(rows=own, overspent=float((spent[name] - budgets).max()) / dearest)
        for name, own in rows.items()
    }


def learnt_from(folds: Index, fold: int, labels: int | None) -> Index:
    """The rows outside a fold, or so many of them, drawn anew for each fold."""
    outside = np.flatnonzero(folds != fold)
    if labels is None or labels >= len(outside):
        return outside
    rng = np.random.default_rng(seed_of("labels", fold, labels))
    return np.sort(rng.choice(outside, labels, replace=False))


def resampled_areas(results: Mapping[str, Result], texts: Sequence[str]) -> dict[str, Array]:
    """Draws of each method's AUC by a bootstrap over questions, all methods on the same ones and
    the fitted policies as they are, shape (draws,)."""
    groups = np.unique(np.array(texts), return_inverse=True)[1].astype(np.intp)
    values = np.stack([one.rows for one in results.values()], axis=1)
    drawn = resampled(values, groups, draws=DRAWS, seed=SEED)
    return {name: drawn[:, column] for column, name in enumerate(results)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The cheaper tier for every row, whatever the budget."""

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        share = np.zeros((len(budgets), len(seen.costs), seen.rows))
        share[:, 0] = 1.0
        return Ways(asked=share, answers=share)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCascade:
    """The cheaper tier always, and after it the dearer one for a share p = min((b - c1) / c2, 1) of
    rows drawn by lot (arXiv 2405.02134)."""

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        small, large = (float(cost) for cost in seen.costs)
        share = np.clip((np.asarray(budgets) - small) / large, 0.0, 1.0)[:, None]
        asked = np.ones((len(budgets), 2, seen.rows))
        asked[:, 1] = share
        answers = np.stack([1 - asked[:, 1], asked[:, 1]], axis=1)
        return Ways(asked=asked, answers=answers)
