"""How often a certified policy breaks its promise, and what it costs, on recorded answers.

    python tests/bench/guarantees.py --data DIRECTORY [--pairs SMALL:LARGE:RATIO ...]
                                     [--points 1] [--rows 300 600 1000] [--compiled SPLITS]

reads DIRECTORY/mmlu. The promise: at most so many points less accurate than the large model, with
95 % confidence. In each of 200 random splits some rows are calibration rows, 300 others are where
policies are designed, and all the rest judge: the promise is broken where the deficit there exceeds
what was promised. Unit costs: small 1, large the pair's ratio; a split without a certificate is
served by the large model. `--compiled` shows in so many splits what a query does instead, which
chooses among mix, cascade and route on the 300 rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recorded_pairs import Bank, Pair, bank_of, known_of, named_pairs
from scipy.stats import beta

from cosmosql.contracts.policy import Known, Policy, Ways
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.cascade_route import Route
from cosmosql.policies.certificates import Promise, certify, design
from cosmosql.policies.mix import Mix
from cosmosql.policies.paired_test import deficit_p_value
from cosmosql.policies.rows import FOLDS, folds_by, part, seen_part

SPLITS = 200
DESIGNED = 300
DELTA = 0.05
GRID = 20
"""Thresholds among which Bonferroni's correction divides the error."""
BUDGETS = 101
POLICIES: Mapping[str, Policy] = {"mix": Mix(), "cascade": Cascade(), "route": Route()}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Some rows: the small tier's margin, and which tier is right."""

    margin: np.ndarray
    small: np.ndarray
    large: np.ndarray

    @property
    def deficit(self) -> np.ndarray:
        return self.large - self.small

    def part(self, index: np.ndarray) -> Rows:
        return Rows(margin=self.margin[index], small=self.small[index], large=self.large[index])


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a procedure settles on: the small tier answers above the `threshold`, and of those rows
    a random `share`; `asks`: it must be asked before that is known."""

    threshold: float = np.inf
    share: float = 1.0
    asks: bool = True

    def kept(self, rows: Rows) -> np.ndarray:
        return self.share * (rows.margin > self.threshold)

    def cost(self, rows: Rows, ratio: float) -> float:
        """Relative to the large tier alone, which serves where nothing is kept."""
        kept = float(self.kept(rows).mean())
        if kept == 0:
            return 1.0
        small = 1.0 if self.asks else kept
        return (small + (1 - kept) * ratio) / ratio


LARGE = Served()
Procedure = Callable[[Rows, Rows, float], Served]


def prefix(rows: Rows, kept: int) -> Served:
    """The `kept` calibration rows with the largest margins stay with the small tier."""
    ordered = np.sort(rows.margin)[::-1]
    if kept == 0:
        return LARGE
    return Served(threshold=float(ordered[kept]) if kept < len(ordered) else -np.inf)


def counts(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Losses and wins among the first 0, 1, 2, ... rows from the largest margin on."""
    deficit = rows.deficit[np.argsort(-rows.margin, kind="stable")]
    lost, won = np.cumsum(deficit > 0), np.cumsum(deficit < 0)
    return np.concatenate([[0], lost]), np.concatenate([[0], won])


def tuned(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The most rows whose estimated deficit is within the promise: no guarantee."""
    lost, won = counts(calibration)
    fits = np.flatnonzero(lost - won <= allowed * (len(lost) - 1))
    return prefix(calibration, int(fits[-1]))


def losses_only(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """Clopper and Pearson's bound of the losses alone: holds at all thresholds at once."""
    lost, _ = counts(calibration)
    rows = len(lost) - 1
    bound = beta.ppf(1 - DELTA, lost + 1, rows - lost)
    fits = np.flatnonzero(bound[:-1] <= allowed)
    return prefix(calibration, int(fits[-1]) if len(fits) else 0)


def paired(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The exact paired test from the largest margin down, to the first that fails."""
    lost, won = counts(calibration)
    rows = len(lost) - 1
    kept = 0
    for place in range(rows + 1):
        if deficit_p_value(int(lost[place]), int(won[place]), rows, allowed, DELTA) > DELTA:
            break
        kept = place
    return prefix(calibration, kept)


def bonferroni(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The exact paired test at every threshold of a grid, each with its part of the error."""
    best = LARGE
    for share in np.arange(1, GRID + 1) / GRID:
        limit = float(np.quantile(designed.margin, 1 - share))
        kept = calibration.deficit * (calibration.margin > limit)
        lost, won = int((kept > 0).sum()), int((kept < 0).sum())
        if deficit_p_value(lost, won, len(kept), allowed, DELTA / GRID) <= DELTA / GRID:
            best = Served(threshold=limit)
    return best


def mixed(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """A random share of all rows, tested percent by percent: that share of the whole deficit is
    what it loses."""
    lost, won = int((calibration.deficit > 0).sum()), int((calibration.deficit < 0).sum())
    best = LARGE
    for percent in range(1, 101):
        most = 100 * allowed / percent
        rows = len(calibration.deficit)
        if most < 1 and deficit_p_value(lost, won, rows, most, DELTA) > DELTA:
            break
        best = Served(threshold=-np.inf, share=percent / 100, asks=False)
    return best


def always_large(calibration: Rows, designed: Rows, allowed: float) -> Served:
    return LARGE


PROCEDURES: Mapping[str, Procedure] = {
    "tuned threshold": tuned,
    "Bonferroni, 20 thresholds": bonferroni,
    "losses only, Clopper-Pearson": losses_only,
    "exact paired test": paired,
    "exact paired test, random mix": mixed,
    "always large": always_large,
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """Means over splits; `large`: share of rows that the large tier answers."""

    broken: float
    certified: float
    large: float
    cost: float


def measured(
    rows: Rows, procedure: Procedure, calibrated: int, allowed: float, ratio: float
) -> Result:
    found = []
    for split in range(SPLITS):
        order = np.random.default_rng(split).permutation(len(rows.margin))
        calibration, designed, rest = (
            rows.part(part) for part in np.split(order, [calibrated, calibrated + DESIGNED])
        )
        served = procedure(calibration, designed, allowed)
        kept = served.kept(rest)
        broken = float((kept * rest.deficit).mean()) > allowed
        found.append((broken, kept.any(), 1 - kept.mean(), served.cost(rest, ratio)))
    broken, certified, large, cost = np.mean(np.array(found, float), axis=0)
    return Result(broken=broken, certified=certified, large=large, cost=cost)


def oracle(rows: Rows, allowed: float) -> Served:
    """The threshold that keeps the promise exactly on all rows."""
    lost, won = counts(rows)
    fits = np.flatnonzero((lost - won) <= allowed * len(rows.margin))
    return prefix(rows, int(fits[-1]))


def rows_of(bank: Bank, pair: Pair) -> Rows:
    return Rows(
        margin=bank.signals[pair.small]["margin"],
        small=bank.scores[pair.small],
        large=bank.scores[pair.large],
    )


def compiled(known: Known, order: np.ndarray, calibrated: int, allowed: float) -> Result:
    """One split as a query goes about it: the policy and its ways are settled on the rows of the
    design, cross-fitted, and the one that is hoped to be cheapest is tested."""
    calibration, designed, rest = np.split(order, [calibrated, calibrated + DESIGNED])
    seen, costs = known.seen, known.seen.costs
    budgets = np.linspace(costs[1], costs[0], BUDGETS).tolist()
    promise = Promise(weights=np.array([0.0, 1.0]), floor=-allowed)
    found = []
    for policy in POLICIES.values():
        ways = cross_fitted(policy, part(known, designed), budgets)
        plan = design(promise, ways.answers, known.scores[:, designed], binary=True)
        hoped = plan.hoped(calibrated, 1 - DELTA)
        spent = (ways.asked.mean(axis=2) * costs).sum(axis=1)
        if hoped:
            fitted = policy.fit(part(known, designed), {}, seed=0)
            found.append((min(spent[list(hoped)]), fitted, plan))
    if not found:
        return Result(broken=0.0, certified=0.0, large=1.0, cost=1.0)
    _, fitted, plan = min(found, key=lambda one: one[0])
    tested = fitted.ways(seen_part(seen, calibration), budgets)
    scores = known.scores[:, calibration]
    outcome = certify(plan, tested.answers, scores, confidence=1 - DELTA)
    if outcome is None or outcome.way is None:
        return Result(broken=0.0, certified=0.0, large=1.0, cost=1.0)
    served = fitted.ways(seen_part(seen, rest), [budgets[outcome.way]])
    shares = served.asked[0].mean(axis=1)
    deficit = (
        known.scores[1, rest] - (served.answers[0] * known.scores[:, rest]).sum(axis=0)
    ).mean()
    return Result(
        broken=float(deficit > allowed),
        certified=1.0,
        large=float(served.answers[0, 1].mean()),
        cost=float(shares @ costs / costs[1]),
    )


def cross_fitted(policy: Policy, known: Known, budgets: list[float]) -> Ways:
    """Each row's ways from a fit on the other folds."""
    folds = folds_by([one.row for one in known.seen.questions])
    shape = (len(budgets), len(known.scores), len(folds))
    asked, answers = np.zeros(shape), np.zeros(shape)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        fitted = policy.fit(part(known, outside), {}, seed=0)
        ways = fitted.ways(seen_part(known.seen, inside), budgets)
        asked[:, :, inside], answers[:, :, inside] = ways.asked, ways.answers
    return Ways(asked=asked, answers=answers)


def as_compiled(known: Known, calibrated: int, allowed: float, splits: int) -> Result:
    each = [
        compiled(
            known,
            np.random.default_rng(split).permutation(known.scores.shape[1]),
            calibrated,
            allowed,
        )
        for split in range(splits)
    ]
    return mean_of(each)


def mean_of(results: Sequence[Result]) -> Result:
    values = np.mean([[r.broken, r.certified, r.large, r.cost] for r in results], axis=0)
    broken, certified, large, cost = (float(value) for value in values)
    return Result(broken=broken, certified=certified, large=large, cost=cost)


def line(name: str, results: Sequence[Result]) -> str:
    mean, worst = mean_of(results), max(one.broken for one in results)
    return (
        f"| {name} | {mean.broken:.3f} | {worst:.3f} | {mean.certified:.3f} | {mean.large:.3f} | "
        f"{mean.cost:.3f} | {', '.join(f'{one.cost:.3f}' for one in results)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", nargs="+", metavar="SMALL:LARGE:RATIO")
    parser.add_argument("--points", type=float, default=1.0)
    parser.add_argument("--rows", type=int, nargs="*", default=[300, 600, 1000])
    parser.add_argument("--compiled", type=int, default=0, metavar="SPLITS")
    asked = parser.parse_args()
    allowed = asked.points / 100
    bank = bank_of(asked.data / "mmlu")
    pairs = named_pairs(bank, asked.pairs)
    rows = [(rows_of(bank, pair), pair.ratio) for pair in pairs]
    best = [oracle(each, allowed) for each, _ in rows]
    share = np.mean([1 - one.kept(each).mean() for one, (each, _) in zip(best, rows, strict=True)])
    cost = np.mean([one.cost(each, ratio) for one, (each, ratio) in zip(best, rows, strict=True)])
    print(
        f"at most {asked.points:g} points below the large model, 95 %: {'; '.join(map(str, pairs))}"
    )
    for calibrated in asked.rows:
        print(f"\n{calibrated} calibration rows, {asked.compiled or SPLITS} splits")
        print(
            "| procedure | broken | worst pair | certified | large share | cost to large | a pair |"
        )
        print("|---|---|---|---|---|---|---|")
        for name, procedure in () if asked.compiled else PROCEDURES.items():
            results = [
                measured(each, procedure, calibrated, allowed, ratio) for each, ratio in rows
            ]
            print(line(name, results), flush=True)
        if asked.compiled:
            results = [
                as_compiled(known_of(bank, pair), calibrated, allowed, asked.compiled)
                for pair in pairs
            ]
            print(line("as a query does", results), flush=True)
    print(f"\noracle threshold: large share {share:.3f}, cost to large {cost:.3f}")


if __name__ == "__main__":
    main()
