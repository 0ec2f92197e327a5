"""Who answers, on recorded answers of two tiers: every policy side by side.

    python tests/bench/two_tier.py --data DIRECTORY [--pairs SMALL:LARGE:RATIO ...]
                                   [--labels 300 1000 full] [--learn]

reads DIRECTORY/mmlu (questions.jsonl.gz and answers/MODEL.jsonl.gz). Costs are units: the small
model takes 1, the large one the ratio. First the published streaming cascade, then, for every
number of labelled rows, the area under accuracy against budget of all policies, cross-validated in
five folds by question: policies, their prior and the choice of `auto` see none of the rows that
they are scored on, and the prior no pair that has a model in common with the scored one. `--learn`
writes the prior that is shipped, from all pairs and rows, and stops.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from recorded_pairs import Bank, Pair, bank_of, known_of, named_pairs, pairs_between

from cosmosql.contracts.policy import Array, Fitted, Known, Policy, Rule, Ways
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.cascade_route import CascadeRoute, Route
from cosmosql.policies.choice import best, standings, wins
from cosmosql.policies.curves import (
    answering,
    at_spend,
    budget_grid,
    lower_band,
    resampled,
    spends,
)
from cosmosql.policies.mix import Mix
from cosmosql.policies.prior import Belief, Prior, document, gains, learn, level
from cosmosql.policies.rows import FOLDS, Index, folds_by, part
from cosmosql.policies.streaming import stream_area
from cosmosql.resources import resource

BANDED = 20
"""Budgets over which the band is simultaneous."""
DRAWS = 500
MARGIN = 0.005
"""Of non-inferiority, in accuracy."""
LEAST_DOUBT = 0.02
"""Of what a policy wins, in units of the mean gain: other pairs are few and much alike."""
TIMED = 1000
FEW = 300
JUDGED = 2500
"""Rows by which a policy is fitted on other pairs, and on which what it wins is judged there."""

Elsewhere: TypeAlias = dict[Pair, dict[str, float]]

SIMPLE = ("mix", "random cascade", "cascade")
LEARNT = ("route", "cascade_route")
EVERY = (*SIMPLE, *LEARNT, "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A pair's policies on its labelled rows, and what each wins over the mix on each of them."""

    known: Known = field(repr=False)
    fitted: Mapping[str, Fitted] = field(repr=False)
    won: Mapping[str, Array] = field(repr=False)

    @property
    def size(self) -> float:
        return level(gains(self.known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A pair under every policy, each row by what was fitted without it: AUC a row, shape (rows,),
    accuracy a row at `BANDED` budgets, (rows, BANDED); a fold each what was spent more than allowed
    at worst, in units of the small model's cost, and what `auto` chose; seconds of decisions."""

    areas: dict[str, Array] = field(repr=False)
    curves: dict[str, Array] = field(repr=False)
    overspent: list[float] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)


def policies(prior: Prior) -> dict[str, Policy]:
    return {
        "mix": Mix(),
        "cascade": Cascade(),
        "route": Route(prior),
        "cascade_route": CascadeRoute(prior),
    }


def apart(bank: Bank, pair: Pair) -> list[Pair]:
    """The pairs that have no model in common with one."""
    return [one for one in pairs_between(bank) if not one.shares(pair)]


def train(bank: Bank, pair: Pair, outside: Index, labelled: Index) -> Trained:
    """By a prior from the pairs apart, on rows outside of the fold that is scored."""
    others = [part(known_of(bank, one), outside) for one in apart(bank, pair)]
    offered = policies(learn(others, {}))
    known = part(known_of(bank, pair), labelled)
    fitted = {name: policy.fit(known, {}, seed=0) for name, policy in offered.items()}
    return Trained(known=known, fitted=fitted, won=wins(offered, fitted, known, {}, seed=0))


def won_elsewhere(bank: Bank, pairs: Sequence[Pair], outside: Index) -> Elsewhere:
    """What each policy wins over the mix where few rows are labelled, judged on others of the rows
    outside, in units of the pair's mean gain."""
    drawn = np.random.default_rng(len(outside)).permutation(outside)
    few, judged = np.sort(drawn[:FEW]), np.sort(drawn[FEW : FEW + JUDGED])
    found = {}
    for pair in pairs:
        others = [part(known_of(bank, one), outside) for one in apart(bank, pair)]
        known, scored = part(known_of(bank, pair), few), part(known_of(bank, pair), judged)
        budgets = budget_grid(known.seen.costs)
        areas = {}
        for name, policy in policies(learn(others, {})).items():
            ways = policy.fit(known, {}, seed=0).ways(scored.seen, list(budgets))
            spent = at_spend(ways, known.seen.costs, budgets)
            areas[name] = float((answering(spent, budgets) * scored.scores).sum(axis=0).mean())
        size = level(gains(scored))
        found[pair] = {name: (area - areas["mix"]) / size for name, area in areas.items()}
    return found


def beliefs(others: Sequence[Mapping[str, float]]) -> dict[str, Belief]:
    """What each policy wins, in units of the mean gain, by what it won on other pairs."""
    names = others[0] if others else ()
    won = {name: np.array([one[name] for one in others]) for name in names}
    return {
        name: Belief(mean=float(values.mean()), deviation=max(float(values.std()), LEAST_DOUBT))
        for name, values in won.items()
    }


def score(
    bank: Bank, pairs: Sequence[Pair], labels: int | None, elsewhere: Sequence[Elsewhere]
) -> list[Scored]:
    """Every pair under every policy, cross-validated; `elsewhere` a fold."""
    rows = len(bank.questions)
    folds = folds_by(bank.texts)
    found = [
        Scored(
            areas={name: np.zeros(rows) for name in EVERY},
            curves={name: np.zeros((rows, BANDED)) for name in EVERY},
        )
        for _ in pairs
    ]
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        labelled = outside
        if labels is not None:
            drawn = np.random.default_rng(fold).permutation(outside)[:labels]
            labelled = np.sort(drawn)
        for place, pair in enumerate(pairs):
            one = train(bank, pair, outside, labelled)
            believed = beliefs([elsewhere[fold][other] for other in apart(bank, pair)])
            chosen = best(standings(one.won, believed, one.size))
            found[place].chosen.append(chosen)
            scored = part(known_of(bank, pair), inside)
            fill(found[place], {**one.fitted, "auto": one.fitted[chosen]}, scored, inside)
    return found


def fill(found: Scored, fitted: Mapping[str, Fitted], scored: Known, inside: Index) -> None:
    """What a fold's policies do on its rows. They are compared at what they spend on these rows,
    which takes no outcome; how far that is from what was allowed is kept beside it."""
    costs = scored.seen.costs
    budgets = budget_grid(costs)
    every = {**fitted, "random cascade": blind_cascade(scored)}
    for name, policy in every.items():
        ways = policy.ways(scored.seen, list(budgets))
        if name == "auto":
            found.overspent.append(float((spends(ways, costs) - budgets).max()))
        level_ways = at_spend(ways, costs, budgets)
        found.areas[name][inside] = (answering(level_ways, budgets) * scored.scores).sum(axis=0)
        found.curves[name][inside] = banded(level_ways, scored.scores).T
    for name, policy in fitted.items():
        rule = policy.rule(float(budgets.mean()))
        found.seconds.setdefault(name, []).extend(timed(rule, scored))


def timed(rule: Rule, scored: Known) -> list[float]:
    """Seconds of processor time of each decision on some rows, before and after an answer; signals
    are there already, what is counted of the question is not."""
    found = []
    for place, question in enumerate(scored.seen.questions[: TIMED // FOLDS]):
        signals = {name: float(one[place]) for name, one in scored.seen.signals[0].items()}
        start = time.process_time()
        rule.first(question)
        middle = time.process_time()
        rule.then(question, 0, signals)
        found += [middle - start, time.process_time() - middle]
    return found


def blind_cascade(scored: Known) -> Fitted:
    """The cascade that escalates by lot: one without a signal."""
    seen = scored.seen
    blind = type(seen)(
        questions=seen.questions, signals=tuple({} for _ in seen.signals), costs=seen.costs
    )
    return Cascade().fit(Known(seen=blind, scores=scored.scores), {}, seed=0)


def banded(ways: Ways, scores: Array) -> Array:
    """Accuracy a row at evenly spaced budgets, shape (BANDED, rows)."""
    places = np.linspace(0, len(ways.answers) - 1, BANDED).round().astype(np.intp)
    return np.asarray((ways.answers[places] * scores).sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`gain` of auto over the best simple policy with a paired 95 % interval, in AUC; `lowest`
    point of the bands of its accuracy less that of each simple policy and of the single models. To
    be no worse than all it must be so than each: one test a rival, none corrected for the others
    (Berger 1982), each simultaneous over budgets."""

    area: dict[str, float]
    gain: tuple[float, float, float]
    lowest: float


def judge(scored: Scored, known: Known, groups: NDArray[np.intp]) -> Judged:
    area = {name: float(rows.mean()) for name, rows in scored.areas.items()}
    simple = max(SIMPLE, key=lambda name: area[name])
    small, large = known.scores
    single = np.tile(small[:, None], (1, BANDED))
    single[:, -1] = large
    rivals = [*(scored.curves[name] for name in SIMPLE), single]
    curves = np.hstack([scored.curves["auto"] - rival for rival in rivals])
    columns = np.column_stack([scored.areas["auto"] - scored.areas[simple], curves])
    draws = resampled(columns, groups, draws=DRAWS, seed=0)
    low, high = np.quantile(draws[:, 0], [0.025, 0.975])
    means = columns[:, 1:].mean(axis=0)
    bands = [
        lower_band(means[start : start + BANDED], draws[:, 1 + start : 1 + start + BANDED])
        for start in range(0, len(means), BANDED)
    ]
    return Judged(
        area=area,
        gain=(area["auto"] - area[simple], float(low), float(high)),
        lowest=float(np.min(bands)),
    )


def report(
    bank: Bank, pairs: Sequence[Pair], labels: int | None, elsewhere: Sequence[Elsewhere]
) -> None:
    groups = np.unique(np.array(bank.texts), return_inverse=True)[1]
    print(f"\n{'all' if labels is None else labels} labelled rows: AUC x 100\n", flush=True)
    print(f"| pair | {' | '.join(EVERY)} | gain of auto | 95 % | band | chosen | spent over |")
    print("|---" * (len(EVERY) + 6) + "|")
    won: list[float] = []
    seconds: dict[str, list[float]] = {}
    for pair, scored in zip(pairs, score(bank, pairs, labels, elsewhere), strict=True):
        judged = judge(scored, known_of(bank, pair), groups)
        figures = " | ".join(f"{100 * judged.area[name]:.2f}" for name in EVERY)
        gain, low, high = (100 * value for value in judged.gain)
        met = "holds" if judged.lowest >= -MARGIN else "fails"
        chosen = ", ".join(
            f"{name} {scored.chosen.count(name)}" for name in sorted(set(scored.chosen))
        )
        print(
            f"| {pair} | {figures} | {gain:+.2f} | {low:+.2f} to {high:+.2f} "
            f"| {100 * judged.lowest:+.2f} {met} | {chosen} | {max(scored.overspent):.2f} |"
        )
        won.append(gain)
        for name, found in scored.seconds.items():
            seconds.setdefault(name, []).extend(found)
    print(f"\nmean gain {np.mean(won):+.2f}, least {min(won):+.2f} points of AUC")
    for name, found in sorted(seconds.items()):
        middle, late = 1e6 * np.quantile(found, [0.5, 0.99])
        print(f"a decision by {name}: {middle:.0f} us, p99 {late:.0f} us", flush=True)


def streamed(bank: Bank, pairs: Sequence[Pair]) -> None:
    print("The published streaming margin cascade, 100 budgets, 3 orders\n")
    print("| pair | small | large | AUC |\n|---|---|---|---|")
    for pair in pairs:
        known = known_of(bank, pair)
        margin = known.seen.signals[0]["margin"]
        found = stream_area(margin, known.scores, known.seen.costs)
        small, large = known.scores.mean(axis=1)
        print(f"| {pair} | {small:.4f} | {large:.4f} | {found:.4f} |", flush=True)


def write_prior(bank: Bank) -> None:
    """The shipped prior, from all pairs and rows."""
    pairs = pairs_between(bank)
    won = won_elsewhere(bank, pairs, np.arange(len(bank.questions)))
    prior = learn([known_of(bank, pair) for pair in pairs], beliefs(list(won.values())))
    place = resource("stdlib") / "past" / "policies.json"
    text = json.dumps(document(prior), indent=2, sort_keys=True)
    Path(str(place)).write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", nargs="*")
    parser.add_argument("--labels", nargs="*", default=["300", "1000", "full"])
    parser.add_argument("--no-stream", action="store_true")
    parser.add_argument("--learn", action="store_true")
    asked = parser.parse_args()
    bank = bank_of(asked.data / "mmlu")
    if asked.learn:
        write_prior(bank)
        return
    pairs = named_pairs(bank, asked.pairs)
    folds = folds_by(bank.texts)
    elsewhere = [
        won_elsewhere(bank, pairs_between(bank), np.flatnonzero(folds != fold))
        for fold in range(FOLDS)
    ]
    if not asked.no_stream:
        streamed(bank, pairs)
    for labels in asked.labels:
        report(bank, pairs, None if labels == "full" else int(labels), elsewhere)


if __name__ == "__main__":
    main()
