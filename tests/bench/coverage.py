"""Coverage of learning curves' 90 % intervals in simulated worlds, within the binomial band.

    python tests/bench/coverage.py [--worlds 300]

draws worlds from the engine's own prior, and foreign ones: curves of four other forms with ceilings
from .60 and any number of labels, for random demonstrations also label coverage with skewed labels
of which the engine knows only the number. Every world is measured with binomial noise at four
sizes, and its two targets are asked for. Printed: the share of measured accuracies inside their
intervals for the near and the far target, and by form, the mean absolute error and width.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from cosmosql.interval import Estimate
from cosmosql.predict.curves import extrapolate
from cosmosql.predict.families import FAMILIES, Setting
from cosmosql.predict.noise import kernel
from cosmosql.predict.priors import PRIORS

SIZES = {
    "finetune": ((16, 32, 64, 128), (256, 1024)),
    "icl-random": ((1, 2, 4, 8), (32, 128)),
    "icl-retrieved": ((1, 2, 4, 8), (16, 64)),
}
"""What is measured, and the near and the far target."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A true curve: `values` at the four sizes and the two targets, judged on `rows` each."""

    form: str
    values: np.ndarray
    labels: int
    rows: int


def own(kind: str, rng: np.random.Generator) -> World:
    """A world of the engine's own prior: a family by its weight, discrepancy, a run's noise."""
    belief = PRIORS[kind]
    weights = np.array([family.weights.get(kind, 0.0) for family in FAMILIES])
    family = FAMILIES[rng.choice(len(FAMILIES), p=weights / weights.sum())]
    sizes = np.array([*SIZES[kind][0], *SIZES[kind][1]], float)
    setting = Setting(ceiling=belief.ceiling, smallest=sizes.min(), labels=6, label_counts=())
    curve = family.curve(rng.random((1, family.latents)), sizes, setting)[0]
    curve = np.clip(curve, 0.0, 1.0)
    scale = 2 * np.sqrt(curve * (1 - curve))
    noise = belief.noise
    covariance = kernel(sizes, sizes, noise, sizes.min())
    smooth = rng.multivariate_normal(np.zeros(len(sizes)), covariance)
    level = rng.choice(noise.run_noise, p=noise.run_noise_weights)
    level = np.where(rng.random(len(sizes)) < noise.bad, noise.bad_deviation, level)
    run = level * np.maximum(scale, 0.25) * rng.standard_normal(len(sizes))
    values = np.clip(curve + scale * smooth + run, 0.0, 1.0)
    return World(form=family.name, values=values, labels=6, rows=200)


FORMS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "power": lambda ratio, rng: ratio ** -rng.uniform(0.3, 1.2),
    "exponential": lambda ratio, rng: np.exp(-(ratio - 1) / rng.uniform(2, 20)),
    "logistic": lambda ratio, rng: 1 / (1 + (ratio / rng.uniform(2, 20)) ** rng.uniform(0.8, 1.8)),
    "log-linear": lambda ratio, rng: np.maximum(0, 1 - rng.uniform(0.1, 0.25) * np.log(ratio)),
}
"""What is left of the way to the ceiling, by the size over the smallest one."""


def foreign(kind: str, rng: np.random.Generator) -> World:
    """A curve of a form that is not the engine's own, its ceiling anywhere above .6."""
    sizes = np.array([*SIZES[kind][0], *SIZES[kind][1]], float)
    forms = [*FORMS, "label shares"] if kind == "icl-random" else list(FORMS)
    form = forms[rng.integers(len(forms))]
    top, bottom = rng.uniform(0.6, 0.98), rng.uniform(0.1, 0.4)
    rows = int(rng.choice([100, 250, 1000]))
    labels = int(rng.choice([2, 6, 20, 77]))
    if form == "label shares":
        shares = rng.dirichlet(np.full(labels, rng.choice([0.5, 1.0, 5.0])))
        covered = (shares * (1 - (1 - shares) ** sizes[:, None])).sum(axis=1)
        values = top * covered + bottom * (1 - covered)
    else:
        values = top - (top - bottom) * FORMS[form](sizes / sizes.min(), rng)
    return World(form=form, values=values, labels=labels, rows=rows)


@dataclass(frozen=True, kw_only=True)
class Result:
    form: str
    inside: tuple[bool, ...]
    error: tuple[float, ...]
    width: tuple[float, ...]


def judged(kind: str, world: World, rng: np.random.Generator) -> Result:
    """What the engine says of a world's targets, held against what would be measured there."""
    seen, asked = SIZES[kind]
    measured = rng.binomial(world.rows, world.values) / world.rows
    estimates = extrapolate(
        kind,
        seen,
        measured[: len(seen)].tolist(),
        world.rows,
        asked,
        label_counts=world.labels,
    )
    truth = measured[len(seen) :]
    known = [estimate for estimate in estimates if isinstance(estimate, Estimate)]
    return Result(
        form=world.form,
        inside=tuple(one.low <= value <= one.high for one, value in zip(known, truth, strict=True)),
        error=tuple(abs(one.value - value) for one, value in zip(known, truth, strict=True)),
        width=tuple(one.high - one.low for one in known),
    )


def results(
    kind: str, draw: Callable[[str, np.random.Generator], World], worlds: int, seed: int
) -> list[Result]:
    rng = np.random.default_rng(seed)
    return [judged(kind, draw(kind, rng), rng) for _ in range(worlds)]


def band(worlds: int, level: float = 0.9, outside: float = 0.01) -> tuple[float, float]:
    """Shares between which a binomial with this level falls but for a probability `outside`."""
    low, high = binom.ppf([outside / 2, 1 - outside / 2], worlds, level) / worlds
    return float(low), float(high)


def share(found: Sequence[Result], target: int) -> float:
    return float(np.mean([one.inside[target] for one in found]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=300)
    worlds = parser.parse_args().worlds
    low, high = band(worlds)
    print(f"{worlds} worlds each; 99 % binomial band of a true 90 %: {low:.3f} to {high:.3f}\n")
    print("| curve | worlds | form | worlds of it | near | far | error, points | width 90 % |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in SIZES:
        for name, draw in (("own prior", own), ("foreign", foreign)):
            found = results(kind, draw, worlds, 23)
            forms = sorted({one.form for one in found}) if name == "foreign" else []
            for form in ("all", *forms):
                part = [one for one in found if form in ("all", one.form)]
                cells = [kind, name, form, str(len(part))]
                cells += [f"{share(part, target):.3f}" for target in (0, 1)]
                cells += [f"{100 * np.mean([one.error for one in part]):.1f}"]
                cells += [f"{100 * np.mean([one.width for one in part]):.0f}"]
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
