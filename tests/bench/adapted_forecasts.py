"""Policies over adapted tiers as they are forecast from probes, beside what they measure.

    python tests/bench/adapted_forecasts.py --keep build/backtest       # needs `make backtest`
    python tests/bench/adapted_forecasts.py --keep DIR --write docs/benchmarks/adapted-tiers.md

The forecasts are those of the kept evidence: 200 validation rows, and of most members only smaller
probes. A policy is forecast at three budgets between its tiers' costs, and then carried out on the
test rows. Nothing is measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosmosql.apply.fitting import known_of, rows_to_fit, together
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.backtest.truth import Truth, full_runs, truth_of
from cosmosql.compiler import Compiled, compile_spec
from cosmosql.contracts.policy import Question, Ways
from cosmosql.data.rows import Role
from cosmosql.decide.frontier import mean_cost
from cosmosql.decide.operating import basis_of, point_at
from cosmosql.decide.policies import implementation, options_of
from cosmosql.decide.tiers import Tiers, folds_of, left_out, tiers_of
from cosmosql.evidence.ledger import Ledger
from cosmosql.extensions.sources.generated.tasks import TASKS
from cosmosql.identity import seed_of
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.program import Policy
from cosmosql.pipeline import DEFAULT_SEED, Line, replayed
from cosmosql.policies.rows import FOLDS, part, seen_part
from cosmosql.predict.forecast import Forecast
from cosmosql.predict.metric import metric_named
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.tasks import questions_of
from tests.bench.adapted_setups import LARGE, PAIRS, SMALL, best_forecast, observed
from tests.bench.backtest_tables import interval, markdown
from tests.bench.backtests import Bench, Document, documents
from tests.bench.pages import put
from tests.bench.tiny_backtest import NINE, spec

HEADING = "Forecast from probes"

KINDS = ("mix", "cascade", "route", "cascade_route")

PLACES = (25, 50, 75)
"""Budgets that are forecast, in percent of the way from the cheaper tier's cost to the dearer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A policy at a budget: forecast and truth, both in 0 to 1. `mix` is the same of the random mix
    of its tiers there, `asked` the share of rows for which the dearer tier is asked."""

    task: str
    kind: str
    predicted: Estimate
    truth: float
    asked: tuple[float, float]
    mix: tuple[float, float] | None
    members: float
    """Mean absolute error of the two tiers' own forecasts."""

    @property
    def error(self) -> float:
        return 100 * (self.truth - self.predicted.value)

    @property
    def covered(self) -> bool:
        return self.predicted.low <= self.truth <= self.predicted.high

    @property
    def gains(self) -> tuple[float, float] | None:
        """Points over the mix, as forecast and in truth."""
        if self.mix is None:
            return None
        return 100 * (self.predicted.value - self.mix[0]), 100 * (self.truth - self.mix[1])


def of_task(bench: Bench, task: str, document: Document) -> Iterator[Judged]:
    """Every pair of the task whose costs rise, under every kind of policy."""
    compiled = compile_spec(bench.spec_of(task))
    line, _ = replayed(compiled, DEFAULT_SEED)
    by_name = {one.candidate.name: one for one in line.forecasts}
    with Ledger.read(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        prepared = runtime.task(compiled.query.task)
        probed = questions_of(prepared, Role.VALIDATION)
        tested = questions_of(prepared, Role.TEST)
        runs = full_runs(compiled.graph, runtime)
        for kinds in PAIRS:
            names = [
                best_forecast(compiled, document, model, kind)[0]
                for model, kind in zip((SMALL, LARGE), kinds, strict=True)
            ]
            members = sorted((by_name[name] for name in names), key=mean_cost)
            tiers = tiers_of(members, probed, seed=DEFAULT_SEED)
            if isinstance(tiers, Unmeasured) or basis_of(tiers) != "predicted":
                continue
            truths = {
                name: truth_of(
                    metric_named(prepared.task.metric),
                    [observed(ledger, run).items for run in runs[name]],
                    0.0,
                    seed=0,
                    rows_seed=0,
                )
                for name in names
            }
            yield from of_pair(task, line, tiers, truths, tested)


def of_pair(
    task: str,
    line: Line,
    tiers: Tiers,
    truths: Mapping[str, Truth],
    tested: Mapping[str, Question],
) -> Iterator[Judged]:
    own = float(np.mean([error_of(one, truths) for one in tiers.members]))
    mixes: dict[int, tuple[float, float]] = {}
    for kind in KINDS:
        declared = declaration(line.compiled, kind)
        plug_in, options = implementation(kind), options_of(declared, kind)
        fitted = plug_in.fit(tiers.known, options, seed=DEFAULT_SEED)
        ways = left_out(plug_in, fitted, tiers, options, seed=DEFAULT_SEED)
        found = carried_out(line, declared, tiers, truths, tested)
        for place, (truth, asked) in zip(PLACES, found, strict=True):
            only = Ways(
                asked=ways.asked[place : place + 1], answers=ways.answers[place : place + 1]
            )
            point = point_at(
                tiers,
                only,
                float(tiers.budgets[place]),
                n_test=line.facts.n_test,
                seed=DEFAULT_SEED,
            )
            if isinstance(point.subject.metric, Unmeasured):
                raise ValueError(f"{task}: a {kind} has no forecast")
            predicted = point.subject.metric.estimate()
            if kind == "mix":
                mixes[place] = predicted.value, truth
            yield Judged(
                task=task,
                kind=kind,
                predicted=predicted,
                truth=truth,
                asked=(point.asked[-1], asked),
                mix=None if kind == "mix" else mixes[place],
                members=own,
            )


def error_of(forecast: Forecast, truths: Mapping[str, Truth]) -> float:
    """In points."""
    metric = forecast.metric
    if isinstance(metric, Unmeasured):
        raise ValueError(f"{forecast.candidate.name} has no forecast")
    return 100 * abs(truths[forecast.candidate.name].metric - metric.value)


def declaration(compiled: Compiled, kind: str) -> Policy:
    return Policy(
        name="policy.pair",
        doc=None,
        span=compiled.query.span,
        using=kind,
        over=(),
        signal="margin",
        escalations=(),
        options={},
    )


def carried_out(
    line: Line,
    declared: Policy,
    tiers: Tiers,
    truths: Mapping[str, Truth],
    tested: Mapping[str, Question],
) -> list[tuple[float, float]]:
    """Expected metric on the test rows, and share for which the dearer tier is asked, at each of
    the budgets. As `cosmosql backtest` does it: fitted on as many other test rows as `apply` would
    fit on; but the folds take the training runs in turn, so that each is fitted on one."""
    task = line.compiled.program.tasks[line.compiled.query.task]
    rows = line.compiled.data[task.dataset].rows
    kind = declared.using
    bundle = BundlePolicy(
        kind=kind, members=tiers.names, budget=0.0, costs=tuple(tiers.seen.costs.tolist())
    )
    count = sum(len(rows[role]) for role in rows_to_fit(bundle))
    answers = [truths[name].answers for name in tiers.names]
    runs = [
        known_of(bundle, together(tiers.names, [each[run % len(each)] for each in answers], tested))
        for run in range(max(map(len, answers)))
    ]
    folds = folds_of(runs[0].seen.questions)
    budgets = [float(tiers.budgets[place]) for place in PLACES]
    options = options_of(declared, kind)
    metric, asked = np.zeros(len(budgets)), np.zeros(len(budgets))
    for fold in range(FOLDS):
        known = runs[fold % len(runs)]
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        rng = np.random.default_rng(seed_of("fit", kind, fold))
        learnt = np.sort(rng.permutation(outside)[:count])
        fitted = implementation(kind).fit(part(known, learnt), options, seed=DEFAULT_SEED)
        ways = fitted.ways(seen_part(known.seen, inside), budgets)
        metric += (ways.answers * known.scores[:, inside]).sum(axis=(1, 2)) / len(folds)
        asked += ways.asked[:, -1].sum(axis=1) / len(folds)
    return list(zip(metric.tolist(), asked.tolist(), strict=True))


def tables(found: Sequence[Judged]) -> str:
    rows = [
        summary(kind, [one for one in found if one.kind == kind])
        for kind in dict.fromkeys(one.kind for one in found)
    ]
    heading = [
        "",
        "forecasts",
        "error",
        "bias",
        "90 % cover",
        "the tiers' own error",
        "asked, error",
        "gain over the mix, forecast",
        "in truth",
        "error of the gain",
    ]
    return markdown(heading, [*rows, summary("**all**", found)])


def summary(name: str, found: Sequence[Judged]) -> list[str]:
    """Means over tasks, with their 90 % intervals by a bootstrap over tasks."""
    gains = [one for one in found if one.gains is not None]
    return [
        name,
        str(len(found)),
        spanned(found, lambda one: abs(one.error), ".1f"),
        spanned(found, lambda one: one.error, "+.1f"),
        spanned(found, lambda one: float(one.covered), ".0%"),
        spanned(found, lambda one: one.members, ".1f"),
        spanned(found, lambda one: 100 * abs(one.asked[0] - one.asked[1]), ".1f"),
        spanned(gains, lambda one: (one.gains or (0.0, 0.0))[0], "+.1f"),
        spanned(gains, lambda one: (one.gains or (0.0, 0.0))[1], "+.1f"),
        spanned(gains, lambda one: abs(np.subtract(*(one.gains or (0.0, 0.0)))), ".1f"),
    ]


def spanned(found, value, form: str) -> str:  # type: ignore[no-untyped-def]
    tasks = dict.fromkeys(one.task for one in found)
    means = [float(np.mean([value(one) for one in found if one.task == task])) for task in tasks]
    if not means:
        return ""
    ends = interval(means)
    middle = format(float(np.mean(means)), form)
    return middle if ends is None else f"{middle} [{ends[0]:{form}}, {ends[1]:{form}}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="what `make backtest` keeps")
    parser.add_argument("--tasks", nargs="*", default=NINE, choices=sorted(TASKS))
    parser.add_argument("--write", type=Path, help="a page whose tables these become")
    options = parser.parse_args()
    start = time.perf_counter()
    bench = Bench(specs={task: spec(task) for task in options.tasks}, keep=options.keep)
    found: list[Judged] = []
    for task, document in documents(bench).items():
        found += of_task(bench, task, document)
        print(f"{task}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    put(tables(found), HEADING, options.write)


if __name__ == "__main__":
    main()
