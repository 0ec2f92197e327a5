"""Extrapolation error and coverage on recorded fine-tuning loss curves, beside simple fits.

    python tests/bench/loss_curves.py --data DIRECTORY
    python tests/bench/loss_curves.py --curves FILE...     # the same format

reads DIRECTORY/curves/finetuning_loss_flan.csv: one row for each model, with its `family` and
a column for each number of train rows, the test loss in it (0: before training). The engine sees
the sizes up to the cut and is asked for every larger one. Printed: the mean absolute error of the
loss in per cent; the share inside the 50, 80 and 90 % intervals; a 90 % bootstrap interval of
the last over model families; and the mean width of the 90 % interval as a factor high / low.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import OptimizeWarning, least_squares

from cosmosql.predict.loss_curves import LossPriors, sample_loss

CUTS = (1_600, 6_400, 25_600, 102_400, 409_600)
LEVELS = (0.5, 0.8, 0.9)


@dataclass(frozen=True, kw_only=True)
class LossCurve:
    family: str
    sizes: np.ndarray
    losses: np.ndarray
    at_zero: float | None


def read(path: Path) -> list[LossCurve]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        sizes = sorted(int(name) for name, cell in row.items() if name.isdigit() and cell)
        positive = [size for size in sizes if size > 0]
        found.append(
            LossCurve(
                family=row["family"],
                sizes=np.array(positive, float),
                losses=np.array([float(row[str(size)]) for size in positive]),
                at_zero=float(row["0"]) if 0 in sizes else None,
            )
        )
    return found


Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, float | None], np.ndarray]


def last_value(
    sizes: np.ndarray, losses: np.ndarray, targets: np.ndarray, _: float | None
) -> np.ndarray:
    return np.full(len(targets), losses[-1])


def straight(
    sizes: np.ndarray, losses: np.ndarray, targets: np.ndarray, _: float | None
) -> np.ndarray:
    slope, level = np.polyfit(np.log(sizes), np.log(losses), 1)
    return np.exp(level + slope * np.log(targets))


def rectified(
    sizes: np.ndarray, losses: np.ndarray, targets: np.ndarray, at_zero: float | None
) -> np.ndarray:
    """Least squares in log loss without a prior, from six starts; pinned where `at_zero` is."""

    def law(numbers: np.ndarray, at: np.ndarray) -> np.ndarray:
        floor, power, turn = np.exp(numbers[0]), numbers[1], numbers[2]
        top = np.exp(numbers[3]) if at_zero is None else at_zero
        risen = np.exp(np.clip(power * (np.log(at) - turn), -500, 500))
        return np.maximum(floor + (top - floor) / (1 + risen), 1e-9)

    free = [np.log(1.1 * losses[0])] if at_zero is None else []
    fits = [
        least_squares(
            lambda numbers: np.log(law(numbers, sizes) / losses),
            [np.log(0.5 * losses[-1]), power, turn, *free],
        )
        for power in (0.3, 0.7)
        for turn in (7.0, 10.0, 13.0)
    ]
    return law(min(fits, key=lambda fit: fit.cost).x, targets)


def score(curves: list[LossCurve], cut: int) -> list[str]:
    errors: dict[str, list[float]] = defaultdict(list)
    inside: dict[str, list[list[bool]]] = defaultdict(list)
    widths = []
    for curve in curves:
        seen, asked = curve.sizes <= cut, curve.sizes > cut
        if seen.sum() < 3 or not asked.any():
            continue
        sizes, losses, targets = curve.sizes[seen], curve.losses[seen], curve.sizes[asked]
        truth = curve.losses[asked]
        drawn = sample_loss(sizes, losses, targets, curve.at_zero, LossPriors())
        guesses = {
            "last value": last_value(sizes, losses, targets, None),
            "log-log line": straight(sizes, losses, targets, None),
            "rectified": rectified(sizes, losses, targets, None),
            "pinned": rectified(sizes, losses, targets, curve.at_zero),
            "ours": np.median(drawn, axis=0),
        }
        for name, guess in guesses.items():
            errors[name].extend(abs(guess / truth - 1))
        bounds = [np.quantile(drawn, [0.5 - x / 2, 0.5 + x / 2], axis=0) for x in LEVELS]
        for index, value in enumerate(truth):
            inside[curve.family].append([bool(b[0, index] <= value <= b[1, index]) for b in bounds])
        widths.extend(bounds[-1][1] / bounds[-1][0])
    hits = [np.array(own) for own in inside.values()]
    shares = np.concatenate(hits).mean(axis=0)
    rng = np.random.default_rng(0)
    drawn_shares = [
        np.concatenate([hits[i] for i in rng.integers(len(hits), size=len(hits))])[:, -1].mean()
        for _ in range(1000)
    ]
    low, high = np.quantile(drawn_shares, [0.05, 0.95])
    return [
        str(cut),
        str(len(widths)),
        *(f"{100 * np.mean(errors[name]):.1f}" for name in errors),
        "/".join(f"{share:.2f}" for share in shares),
        f"{low:.2f} to {high:.2f}",
        f"{np.mean(widths):.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--curves", type=Path, nargs="+", default=[], metavar="FILE")
    arguments = parser.parse_args()
    files = list(arguments.curves)
    if arguments.data:
        files.append(arguments.data / "curves" / "finetuning_loss_flan.csv")
    if not files:
        parser.error("nothing to score: --data or --curves")
    warnings.simplefilter("ignore", OptimizeWarning)
    curves = [curve for path in files for curve in read(path)]
    header = ["cut", "n", "last value", "log-log line", "rectified", "pinned", "ours"]
    header += ["in 50/80/90 %", "bootstrap of the last", "width 90 %, factor"]
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for cut in CUTS:
        print("| " + " | ".join(score(curves, cut)) + " |", flush=True)


if __name__ == "__main__":
    main()
