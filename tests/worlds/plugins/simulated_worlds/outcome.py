"""One world through the whole pipeline: what was forecast, decided and spent, and what is true."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from cosmosql.compiler import Compiled, compile_spec
from cosmosql.data.rows import Role
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence.ledger import Ledger
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.pipeline import Line, measured
from cosmosql.plan.budget import UNITS, caps
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.metric import measured_on
from cosmosql.probes.evaluate import evaluate
from cosmosql.probes.lower import in_full
from cosmosql.probes.quote import quote
from cosmosql.probes.runtime import Runtime
from simulated_worlds.clock import simulated_time
from simulated_worlds.law import law_of
from simulated_worlds.world import truth_of, write_world

LEVELS = (50, 80, 90)
"""Central intervals whose coverage is judged, in percent."""

CAPPED = ("money", "wall", "accelerator", "tokens", "requests")

LEAST_CAP, MOST_CAP = 0.7, 3.0
"""Caps as shares of the worst case of the first round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A predicted candidate: its error in points, the width of its 90 % interval in points, and
    which central intervals held what a run in full then gave on the test rows."""

    way: str
    error: float
    width: float
    inside: Mapping[int, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a world. `regret` is in points of true accuracy, None where nothing was
    chosen; `status` is the decision's."""

    seed: int
    regime: str
    predicted: tuple[Judged, ...]
    status: str
    regret: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A capped run: whether it began, and each meter's cap and what the ledger says was taken."""

    seed: int
    began: bool
    caps: Mapping[str, Decimal]
    taken: Mapping[str, Decimal]

    @property
    def exceeded(self) -> tuple[str, ...]:
        return tuple(
            meter for meter, cap in self.caps.items() if self.taken.get(meter, Decimal(0)) > cap
        )


def run_world(seed: int, order: str = "adaptive") -> tuple[Outcome, Spent]:
    """A world probed under caps on some meters, forecast and decided. Where not even the first
    round fits the caps nothing begins; the world is then run again without them."""
    with tempfile.TemporaryDirectory() as folder, simulated_time():
        capped, free = Path(folder) / "capped", Path(folder) / "free"
        path = write_world(seed, capped, caps=drawn_caps(seed, free, order), order=order)
        compiled = compile_spec(path)
        limits = caps(compiled.query.budget).amounts
        try:
            line, _ = measured(compiled, seed, None)
        except InputError as error:
            if [one.code for one in error.diagnostics] != ["E0403"]:
                raise
            spent = Spent(seed=seed, began=False, caps=limits, taken=taken_by(capped))
            compiled = compile_spec(write_world(seed, free, order=order))
            line, _ = measured(compiled, seed, None)
        else:
            spent = Spent(seed=seed, began=True, caps=limits, taken=taken_by(capped))
        return judged(seed, compiled, line), spent


def judged(seed: int, compiled: Compiled, line: Line) -> Outcome:
    law = law_of(seed)
    runtime = Runtime(compiled.program, compiled.data)
    full = {name: step for series in compiled.graph.series for name, step in series.full.items()}
    truths: dict[str, float] = {}
    predicted = []
    for forecast in line.forecasts:
        candidate = forecast.candidate
        metric = forecast.metric
        found = 0.0
        if candidate.model is None or is_predicted(metric):
            asked = in_full(candidate, Role.TEST, runtime)
            asked = replace(asked, fidelity=full[candidate.name])
            found = float(np.mean([item.score for item in evaluate(asked, runtime).items]))
        if isinstance(metric, Distribution) and is_predicted(metric):
            way = candidate.strategy.removeprefix("strategy.")
            predicted.append(held_against(found, metric, way, line.facts.n_test, seed))
        truths[candidate.name] = truth_of(law, candidate, full[candidate.name], majority=found)
    chosen = line.decision.chosen
    regret = None if chosen is None else 100 * (max(truths.values()) - truths[chosen])
    return Outcome(
        seed=seed,
        regime=law.regime,
        predicted=tuple(predicted),
        status=line.decision.status,
        regret=regret,
    )


def is_predicted(metric: Distribution | Unmeasured) -> bool:
    return isinstance(metric, Distribution) and metric.basis == "predicted"


def held_against(found: float, metric: Distribution, way: str, n_test: int, seed: int) -> Judged:
    """A forecast against the accuracy of one run on `n_test` rows."""
    shown = measured_on(metric.draws, n_test, seed=seed)
    bounds = {
        level: np.quantile(shown, [(1 - level / 100) / 2, (1 + level / 100) / 2])
        for level in LEVELS
    }
    return Judged(
        way=way,
        error=100 * (metric.value - found),
        width=100 * float(bounds[90][1] - bounds[90][0]),
        inside={level: bool(low <= found <= high) for level, (low, high) in bounds.items()},
    )


def taken_by(folder: Path) -> Mapping[str, Decimal]:
    """What the ledger says was taken, by meter; what was never settled at its worst."""
    taken: dict[str, Decimal] = {}
    with Ledger.read(folder) as ledger:
        for _, _, worst, actual in ledger.spending():
            for meter, amount in (worst if actual is None else actual).items():
                taken[meter] = taken.get(meter, Decimal(0)) + amount
    return taken


def drawn_caps(seed: int, folder: Path, order: str) -> Mapping[str, str]:
    """Caps on a random choice of meters, as a spec writes them: some bind at once, some later, some
    never."""
    rng = np.random.default_rng(seed_of("caps", seed))
    compiled = compile_spec(write_world(seed, folder, order=order))
    with Ledger.read(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        most = quote(compiled.graph, ledger, runtime).total
    chosen = [meter for meter in CAPPED if rng.random() < 0.4] or [str(rng.choice(CAPPED))]
    found = {}
    for meter in chosen:
        amount = float(most[meter]) * np.exp(rng.uniform(np.log(LEAST_CAP), np.log(MOST_CAP)))
        number = f"{amount:.9f}" if meter == "money" else f"{max(1, round(amount))}"
        found[meter] = f"{number} {UNITS.get(meter, 'USD')}"
    return found
