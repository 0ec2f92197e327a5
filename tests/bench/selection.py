"""The winner's curse in simulated worlds: `python tests/bench/selection.py [WORLDS]`.

Each world has options of known truth, judged on 600 common rows (a latent Gaussian copula makes
rows hard for all). The option with the largest expected metric is chosen, before and after the
correction; the table says by how much its forecast is too high, how often its 90 % interval holds
its truth, and what was lost by not choosing the truly best. Paired intervals are checked as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from cosmosql.contracts.metric import Metric
from cosmosql.decide.paired import paired
from cosmosql.decide.selection import sobered
from cosmosql.decide.subject import Subject
from cosmosql.evidence.observation import Item
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.predict.metric import metric_draws, metric_named, value_of
from cosmosql.predict.pairing import row_weights

Array = NDArray[np.float64]

ROWS = 600
DRAWS = 1000
HARDNESS = 0.5
"""Share of an answer's latent variance that is the row's, the same for every option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """True metrics; options of one `family` answer nearly alike; `predicted` ones are foretold
    with an error of this deviation, by a predictor that shrinks or one that does not."""

    truth: Array
    family: NDArray[np.intp] | None = None
    predicted: Mapping[int, float] | None = None
    shrinks: bool = True


Maker = Callable[[np.random.Generator], World]


def near(level: float, spread: float, count: int) -> Callable[[np.random.Generator], Array]:
    return lambda rng: np.clip(level + spread * rng.standard_normal(count), 0.02, 0.98)


def together(*parts: Callable[[np.random.Generator], Array]) -> Maker:
    return lambda rng: World(truth=np.concatenate([part(rng) for part in parts]))


def anywhere(low: float, high: float, count: int) -> Callable[[np.random.Generator], Array]:
    return lambda rng: rng.uniform(low, high, count)


def families(rng: np.random.Generator) -> World:
    truth = np.repeat(near(0.8, 0.015, 4)(rng), 4) + 0.002 * rng.standard_normal(16)
    return World(truth=truth, family=np.repeat(np.arange(4), 4))


def mixed(shrinks: bool) -> Maker:
    def make(rng: np.random.Generator) -> World:
        truth = near(0.8, 0.02, 24)(rng)
        return World(truth=truth, predicted=dict.fromkeys(range(8, 24), 0.03), shrinks=shrinks)

    return make


SCENES: Mapping[str, Maker] = {
    "10 equal": together(near(0.8, 0.0, 10)),
    "10 near": together(near(0.8, 0.01, 10)),
    "10 apart": together(near(0.7, 0.08, 10)),
    "2 near": together(near(0.8, 0.01, 2)),
    "3 near": together(near(0.8, 0.01, 3)),
    "60 near": together(near(0.75, 0.02, 60)),
    "10 equal, 15 far below": together(near(0.85, 0.0, 10), anywhere(0.2, 0.75, 15)),
    "10 near, 15 far below": together(near(0.85, 0.01, 10), anywhere(0.2, 0.75, 15)),
    "two groups of 10": together(near(0.5, 0.01, 10), near(0.8, 0.01, 10)),
    "1 far above 9": together(near(0.9, 0.0, 1), near(0.7, 0.01, 9)),
    "1 far below 9": together(near(0.2, 0.0, 1), near(0.8, 0.01, 9)),
    "25 anywhere": together(anywhere(0.3, 0.9, 25)),
    "4 families of 4": families,
    "8 measured, 16 predicted": mixed(True),
    "8 measured, 16 predicted unshrunk": mixed(False),
}


def outcomes(world: World, rng: np.random.Generator) -> Array:
    """Right or wrong by option and row, each option's chance its truth."""
    shape = len(world.truth), ROWS
    own = rng.standard_normal(shape)
    if world.family is not None:
        shared = rng.standard_normal((int(world.family.max()) + 1, ROWS))
        own = np.sqrt(0.98) * shared[world.family] + np.sqrt(0.02) * own
    latent = np.sqrt(HARDNESS) * rng.standard_normal(ROWS) + np.sqrt(1 - HARDNESS) * own
    return np.asarray(latent < norm.ppf(world.truth)[:, None], float)


def foretold(truth: float, error: float, shrinks: bool, rng: np.random.Generator) -> Array:
    """Draws of a predictor whose signal errs: its posterior among options that lie around 0.8, or
    the signal itself."""
    signal = truth + error * rng.standard_normal()
    kept = 0.02**2 / (0.02**2 + error**2) if shrinks else 1.0
    centre = 0.8 + kept * (signal - 0.8)
    return np.asarray(np.clip(centre + error * np.sqrt(kept) * rng.standard_normal(DRAWS), 0, 1))


def options(world: World, rng: np.random.Generator) -> list[Subject]:
    weights = row_weights([f"row {row}" for row in range(ROWS)], draws=DRAWS, seed=0)
    found = outcomes(world, rng)
    draws = found @ weights.T / ROWS
    subjects = []
    for place, truth in enumerate(world.truth):
        error = (world.predicted or {}).get(place)
        told = draws[place] if error is None else foretold(truth, error, world.shrinks, rng)
        metric = Distribution(
            draws=told,
            value=float(np.median(told)) if error else float(found[place].mean()),
            unit="",
            basis="predicted" if error else "measured",
            n=ROWS,
        )
        subjects.append(
            Subject(
                name=f"{place:02}",
                strategy=None,
                metric_name="accuracy",
                quantities={"accuracy": metric},
            )
        )
    return subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of the chosen one: by how much its forecast is too high, whether its interval holds its
    truth, and what the best one had more."""

    error: float
    covered: bool
    regret: float


def outcome(world: World, subjects: list[Subject]) -> Outcome:
    metrics = [one.metric for one in subjects]
    draws = [one.draws for one in metrics if isinstance(one, Distribution)]
    chosen = int(np.argmax([one.mean() for one in draws]))
    low, high = np.quantile(draws[chosen], [0.05, 0.95])
    truth = float(world.truth[chosen])
    return Outcome(
        error=float(draws[chosen].mean()) - truth,
        covered=bool(low <= truth <= high),
        regret=float(world.truth.max()) - truth,
    )


def simulate(make: Maker, worlds: int, seed: int = 0) -> tuple[list[Outcome], list[Outcome]]:
    """What choosing came to in each world, before and after the correction."""
    before, after = [], []
    for number in range(worlds):
        rng = np.random.default_rng([seed, number])
        world = make(rng)
        subjects = options(world, rng)
        before.append(outcome(world, subjects))
        after.append(outcome(world, list(sobered(subjects, n_test=None, seed=number))))
    return before, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two options on common rows of three labels, each with its chance to be right on rows of each
    label; `alike`: the share of rows on which they answer as one."""

    metric: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    alike: float
    rows: int


LABELS = (0.6, 0.3, 0.1)

DUELS: Mapping[str, Duel] = {
    "accuracy, few discordant": Duel(
        metric="accuracy", first=(0.93,) * 3, second=(0.9,) * 3, alike=0.8, rows=300
    ),
    "accuracy, many discordant": Duel(
        metric="accuracy", first=(0.8,) * 3, second=(0.7,) * 3, alike=0.0, rows=200
    ),
    "accuracy, equal": Duel(
        metric="accuracy", first=(0.75,) * 3, second=(0.75,) * 3, alike=0.5, rows=200
    ),
    "macro_f1": Duel(
        metric="macro_f1", first=(0.9, 0.8, 0.7), second=(0.9, 0.7, 0.6), alike=0.3, rows=300
    ),
}


def duel_answers(duel: Duel, rows: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Targets and both options' answers, as label indices."""
    target = rng.choice(3, rows, p=LABELS)
    together, wrong = rng.random(rows), (target + rng.integers(1, 3, rows)) % 3
    same = rng.random(rows) < duel.alike
    answers = []
    for chances in (duel.first, duel.second):
        luck = np.where(same, together, rng.random(rows))
        answers.append(np.where(luck < np.array(chances)[target], target, wrong))
    return target, answers[0], answers[1]


def items_of(target: Array, answers: Array) -> tuple[Item, ...]:
    return tuple(
        Item(
            row=f"row {row}",
            score=float(mine == right),
            predicted=int(mine),
            target=int(right),
            signals={},
            prompt_tokens=1,
            completion_tokens=1,
        )
        for row, (right, mine) in enumerate(zip(target, answers, strict=True))
    )


def paired_coverage(duel: Duel, worlds: int, seed: int = 0) -> tuple[float, float]:
    """Share of worlds whose 90 % interval of the paired difference holds the true one, and the
    mean width in points."""
    metric = metric_named(duel.metric)
    many = duel_answers(duel, 100_000, np.random.default_rng(seed))
    values = [value_of(metric, items_of(many[0], mine)) for mine in many[1:]]
    inside, widths = [], []
    for number in range(worlds):
        rng = np.random.default_rng([seed, number, 1])
        target, *answers = duel_answers(duel, duel.rows, rng)
        forecasts = [forecast_of(metric, items_of(target, mine)) for mine in answers]
        found = paired(forecasts[0], forecasts[1])
        if found is None:
            raise ValueError("both were measured on the same rows")
        low, high = found.difference.low, found.difference.high
        inside.append(low <= values[0] - values[1] <= high)
        widths.append(high - low)
    return float(np.mean(inside)), 100 * float(np.mean(widths))


def forecast_of(metric: Metric, items: tuple[Item, ...]) -> Forecast:
    """The candidate as measured, with the draws that a run would give it."""
    return Forecast(
        candidate=Candidate(
            name="strategy.s",
            strategy="strategy.s",
            kind="prompt",
            task="task.t",
            model=None,
            retriever=None,
            hardware=None,
            config={},
        ),
        metric_name="metric",
        metric=Distribution(
            draws=metric_draws(metric, items, draws=DRAWS, seed=0),
            value=value_of(metric, items),
            unit="",
            basis="measured",
            n=len(items),
        ),
        measures={},
        items=ItemForecast(
            rows=tuple(item.row for item in items),
            score=np.array([item.score for item in items]),
            signals={},
            shift=None,
        ),
    )


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("| options | bias | corrected | error | corrected | in 90 % | corrected |", end="")
    print(" regret | corrected |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, make in SCENES.items():
        cells = []
        pair = simulate(make, worlds)
        for one in pair:
            errors = 100 * np.array([found.error for found in one])
            cells.append(
                (
                    f"{errors.mean():+.2f}",
                    f"{np.sqrt((errors**2).mean()):.2f}",
                    f"{np.mean([found.covered for found in one]):.2f}",
                    f"{100 * np.mean([found.regret for found in one]):.2f}",
                )
            )
        words = (f"{first} | {second}" for first, second in zip(*cells, strict=True))
        print(f"| {name} | {' | '.join(words)} |", flush=True)
    print("\n| paired difference | rows | in 90 % | width |")
    print("|---|--:|--:|--:|")
    for name, duel in DUELS.items():
        covered, width = paired_coverage(duel, 2 * worlds)
        print(f"| {name} | {duel.rows} | {covered:.3f} | {width:.1f} |", flush=True)


if __name__ == "__main__":
    main()
