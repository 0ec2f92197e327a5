"""What signals know: calibration and cascades by each of them, on recorded answers.

    python tests/bench/signals.py --data DIRECTORY [--pairs SMALL:LARGE:RATIO ...] [--write FILE]

reads DIRECTORY/mmlu (questions.jsonl.gz and answers/MODEL.jsonl.gz). Of every small model a signal
becomes a chance of being right by fits on so many labelled rows, and is judged on all others; five
draws of labelled rows, no question on both sides. Beside it the area under accuracy against budget
of the cascade that decides by the signal, its thresholds and the combination fitted on the same
rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recorded_pairs import Bank, Pair, bank_of, known_of, named_pairs

from cosmosql.contracts.policy import Array, Known
from cosmosql.policies.calibration import (
    FITS,
    calibration_errors,
    equal_mass,
)
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.combination import combine
from cosmosql.policies.curves import accuracies, area, at_spend, budget_grid
from cosmosql.policies.rows import Index, folds_by, part
from cosmosql.schema.kinds import COMBINED, RISING

LABELS = (300, 1000)
DRAWS = 5
RAW = "as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Means over the draws: of the calibration error and the Brier score on other rows."""

    error: float
    brier: float


def splits(bank: Bank, labelled: int) -> Iterator[tuple[Index, Index]]:
    """Rows to fit on and rows to judge by, rows of one question on the same side."""
    for draw in range(DRAWS):
        folds = folds_by([f"{draw} {text}" for text in bank.texts])
        order = np.random.default_rng(draw).permutation(np.flatnonzero(folds == 0))
        yield order[:labelled], np.flatnonzero(folds != 0)


def chances(
    signals: Mapping[str, Array], right: Array, inside: Index, outside: Index
) -> dict[tuple[str, str], Array]:
    """By signal and fit the chances of the rows outside."""
    found = {("max_probability", RAW): signals["max_probability"][outside]}
    for name, values in signals.items():
        sure = values if name in RISING else -values
        for fit, make in FITS.items():
            found[name, fit] = make(sure[inside], right[inside])(sure[outside])
    both = combine({name: values[inside] for name, values in signals.items()}, right[inside])
    if both is not None:
        known = {name: values[outside] for name, values in signals.items()}
        found[COMBINED, "logistic"] = both.over(known, len(outside))
    return found


def judged(bank: Bank, model: str, labelled: int) -> dict[tuple[str, str], Judged]:
    """Each signal and fit of a model, on rows that no fit has seen."""
    signals, right = bank.signals[model], bank.scores[model]
    errors: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for inside, outside in splits(bank, labelled):
        for key, said in chances(signals, right, inside, outside).items():
            even = np.ones((1, len(outside)))
            error = calibration_errors(said, right[outside], even, equal_mass(said))[0]
            brier = ((said - right[outside]) ** 2).mean()
            errors.setdefault(key, []).append((float(error), float(brier)))
    return {
        key: Judged(
            error=float(np.mean([e for e, _ in one])), brier=float(np.mean([b for _, b in one]))
        )
        for key, one in errors.items()
    }


def areas(known: Known, bank: Bank, labelled: int) -> dict[str, float]:
    """The cascade's area by each signal, on rows that it was not fitted on."""
    budgets = budget_grid(known.seen.costs)
    found: dict[str, list[float]] = {}
    for inside, outside in splits(bank, labelled):
        fitted_on, scored = part(known, inside), part(known, outside)
        for signal in (*known.seen.signals[0], COMBINED):
            fitted = Cascade().fit(fitted_on, {"signal": signal}, seed=0)
            ways = at_spend(fitted.ways(scored.seen, budgets), known.seen.costs, budgets)
            found.setdefault(signal, []).append(area(budgets, accuracies(ways, scored.scores)))
    return {signal: float(np.mean(values)) for signal, values in found.items()}


def report(bank: Bank, pairs: Sequence[Pair]) -> Iterator[str]:
    models = list(dict.fromkeys(pair.small for pair in pairs))
    for labelled in LABELS:
        yield f"\n{labelled:,} labelled rows: calibration error / Brier score on the others\n"
        yield row(["signal", "fit", *models])
        yield row(["---"] * (2 + len(models)))
        tables = [judged(bank, model, labelled) for model in models]
        for key in tables[0]:
            cells = [f"{one[key].error:.3f} / {one[key].brier:.4f}" for one in tables]
            yield row([f"`{key[0]}`", key[1], *cells])
    names = [f"{pair.small} > {pair.large} ({pair.ratio:g})" for pair in pairs]
    for labelled in LABELS:
        yield f"\n{labelled:,} labelled rows: area of the cascade\n"
        yield row(["signal", *names])
        yield row(["---"] * (1 + len(names)))
        reached = [areas(known_of(bank, pair), bank, labelled) for pair in pairs]
        for signal in reached[0]:
            yield row([f"`{signal}`", *(f"{one[signal]:.4f}" for one in reached)])


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", nargs="*")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if not (given.data / "mmlu").is_dir():
        print(f"skipped: there is no {given.data / 'mmlu'}")
        return
    bank = bank_of(given.data / "mmlu")
    lines = []
    for line in report(bank, named_pairs(bank, given.pairs)):
        print(line, flush=True)
        lines.append(line)
    if given.write is not None:
        before = given.write.read_text(encoding="utf-8").split("<!-- tables -->")[0]
        text = "\n".join(lines)
        given.write.write_text(f"{before}<!-- tables -->\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
