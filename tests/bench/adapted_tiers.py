"""Who answers, small or large, where both are adapted: nine tasks of the tiny family, three pairs.

    python tests/bench/adapted_tiers.py --keep build/backtest           # needs `make backtest`
    python tests/bench/adapted_tiers.py --keep DIR --tasks intent desk --labels 300
    python tests/bench/adapted_tiers.py --keep DIR --write docs/benchmarks/adapted-tiers.md

The pairs are those of arXiv 2405.02134: small and large model with demonstrations, small model
fine-tuned beside the large one with demonstrations, and both fine-tuned. Nothing is measured: every
answer is in the kept ledgers. Policies are fitted and scored on different questions.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from cosmosql.contracts.policy import Array, Known, Policy
from cosmosql.extensions.sources.generated.tasks import TASKS
from cosmosql.policies.choice import best, standings, wins
from cosmosql.policies.prior import level, shipped
from cosmosql.probes.runtime import implementation
from tests.bench.adapted_scores import (
    Alone,
    RandomCascade,
    Result,
    Serves,
    resampled_areas,
    scored,
)
from tests.bench.adapted_setups import SetUp, set_ups
from tests.bench.backtest_tables import markdown
from tests.bench.backtests import Bench
from tests.bench.pages import put
from tests.bench.tiny_backtest import NINE, spec

MEASURED = "Measured"

SIMPLE = ("small alone", "random mix", "random cascade", "margin cascade")
"""What needs no thought: a policy has to beat the best of them."""

METHODS = (*SIMPLE, "route", "cascade-route", "auto")

PLUG_INS = {
    "random mix": "mix",
    "margin cascade": "cascade",
    "route": "route",
    "cascade-route": "cascade_route",
}
"""Methods behind a `using`."""

KINDS = {"icl": "icl", "lora": "LoRA"}


def methods(known: Known, *, seed: int) -> dict[str, Serves]:
    """Every policy fitted on these rows, and the one of them that `auto` takes."""
    policies = {using: cast(Policy, implementation("policy", using)) for using in PLUG_INS.values()}
    fitted = {using: policy.fit(known, {}, seed=seed) for using, policy in policies.items()}
    won = wins(policies, fitted, known, {}, seed=seed)
    standing = standings(won, shipped().policies, level(known.scores[-1] - known.scores[0]))
    return {
        "small alone": Alone(),
        "random cascade": RandomCascade(),
        **{name: fitted[using] for name, using in PLUG_INS.items()},
        "auto": fitted[best(standing)],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A set-up with every method's result, and draws of its AUC by name."""

    setup: SetUp
    results: Mapping[str, Result]
    draws: Mapping[str, Array] = field(repr=False)

    def best_of(self, names: Sequence[str]) -> str:
        return max(names, key=lambda name: self.results[name].auc)

    def ahead(self, first: str, second: str) -> tuple[float, float, float]:
        """By how many points of AUC the first method beats the second, with its 90 % interval."""
        value = 100 * (self.results[first].auc - self.results[second].auc)
        low, high = np.quantile(100 * (self.draws[first] - self.draws[second]), [0.05, 0.95])
        return value, float(low), float(high)


def kinds_of(setup: SetUp) -> str:
    small, large = setup.kinds
    return f"{KINDS[small]} → {KINDS[large]}"


def by_set_up(found: Sequence[Scored]) -> str:
    """AUC of every method, and what `auto` is ahead of the best simple one."""
    names = [name for name in METHODS if name != "small alone"]
    rows = []
    for one in found:
        ahead = one.ahead("auto", one.best_of(SIMPLE))
        rows.append(
            [
                one.setup.task + ("" if one.setup.orderly else " *"),
                kinds_of(one.setup),
                f"{one.setup.ratio:.1f}",
                f"{100 * one.setup.small.accuracy:.1f} / {100 * one.setup.large.accuracy:.1f}",
                *(
                    f"{100 * one.results[name].auc:.1f}"
                    for name in METHODS
                    if name != "small alone"
                ),
                interval(ahead),
            ]
        )
    names = [name for name in METHODS if name != "small alone"]
    return markdown(
        ["task", "pair", "c2 / c1", "small / large", *names, "auto − best simple"], rows
    )


def interval(found: tuple[float, float, float]) -> str:
    value, low, high = found
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


def above_the_simple(found: Sequence[Scored]) -> str:
    """How often each method is above the best simple one, and how often surely."""
    rows = []
    for name in METHODS:
        if name in ("small alone", "random cascade"):
            continue
        others = [other for other in SIMPLE if other != name]
        ahead = [one.ahead(name, one.best_of(others)) for one in found]
        values = [value for value, _, _ in ahead]
        rows.append(
            [
                name,
                f"{sum(value > 0 for value in values)} ({sum(low > 0 for _, low, _ in ahead)})",
                f"{sum(value < 0 for value in values)} ({sum(high < 0 for _, _, high in ahead)})",
                f"{np.mean(values):+.2f}",
                f"{min(values):+.2f}",
            ]
        )
    return markdown(
        ["", "above the best simple one (surely)", "below it (surely)", "mean", "worst"], rows
    )


def beside(found: Sequence[Scored], first: str) -> str:
    """A method against each of the others, over the set-ups."""
    rows = []
    for name in METHODS:
        if name == first:
            continue
        ahead = [one.ahead(first, name) for one in found]
        values = [value for value, _, _ in ahead]
        rows.append(
            [
                name,
                f"{sum(low > 0 for _, low, _ in ahead)}",
                f"{sum(low <= 0 <= high for _, low, high in ahead)}",
                f"{sum(high < 0 for _, _, high in ahead)}",
                f"{np.mean(values):+.2f}",
            ]
        )
    return markdown(
        [f"{first} against", "surely better", "no difference shown", "surely worse", "mean"], rows
    )


def candidates(found: Sequence[SetUp]) -> str:
    """Which candidate stands for what, and how good the forecast held it to be."""
    tiers = {
        (one.task, kind, tier.name): tier
        for one in found
        for kind, tier in zip(one.kinds, (one.small, one.large), strict=True)
    }
    rows = [
        [task, f"`{name}`", f"{100 * tier.predicted:.1f}", f"{100 * tier.accuracy:.1f}"]
        for (task, _, name), tier in tiers.items()
    ]
    return markdown(["task", "candidate", "forecast", "on the test rows"], rows)


def page(found: Mapping[int | None, Sequence[Scored]]) -> str:
    parts = []
    for labels, scores in found.items():
        orderly = [one for one in scores if one.setup.orderly]
        what = "1,600 labelled rows" if labels is None else f"{labels:,} labelled rows"
        parts += [
            f"### {what}",
            by_set_up(scores),
            f"Over all {len(scores)} set-ups, points of AUC:",
            above_the_simple(scores),
            beside(scores, "auto"),
            f"Over the {len(orderly)} in which the small tier is cheaper and the large one better:",
            above_the_simple(orderly),
            overspending(scores),
        ]
    first = next(iter(found.values()))
    return "\n\n".join([*parts, "### Candidates", candidates([one.setup for one in first])])


def overspending(found: Sequence[Scored]) -> str:
    worst = max(result.overspent for one in found for result in one.results.values())
    return (
        f"The most that any policy spent beyond a budget, mean over the rows: {worst:.1%} of the "
        "dearer tier's cost."
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="what `make backtest` keeps")
    parser.add_argument("--tasks", nargs="*", default=NINE, choices=sorted(TASKS))
    parser.add_argument(
        "--labels", type=int, nargs="*", default=[300], help="also fitted on so many rows"
    )
    parser.add_argument("--write", type=Path, help="a page whose tables these become")
    options = parser.parse_args()
    start = time.perf_counter()
    known = set_ups(Bench(specs={task: spec(task) for task in options.tasks}, keep=options.keep))
    found: dict[int | None, list[Scored]] = {}
    for labels in (None, *options.labels):
        found[labels] = []
        for one in known:
            results = scored(one.runs(), methods, labels=labels)
            draws = resampled_areas(results, [question.text for question in one.questions])
            found[labels].append(Scored(setup=one, results=results, draws=draws))
            print(f"{one.task} {kinds_of(one)} {labels or 'all'}", file=sys.stderr, flush=True)
    put(page(found), MEASURED, options.write)
    print(f"\n{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
