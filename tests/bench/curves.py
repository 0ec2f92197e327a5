"""Extrapolation error on recorded learning curves, against three simple extrapolators.

    python tests/bench/curves.py --data DIRECTORY

reads DIRECTORY/curves/finetuning_curves.csv and icl_curves.csv and prints, for every kind of curve
and cut, the mean absolute error in accuracy points over all recorded sizes of at least twice the
cut, and the share of them that fell into the 50, 80 and 90 % intervals.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

from cosmosql.interval import Estimate
from cosmosql.predict.curves import extrapolate

LABELS = {"banking77": 77, "trec": 6}
ROWS = {"banking77": 10_003, "trec": 5_452}
COLLAPSES = ("mistralai+Mistral-7B-v0.1", 500)
"""This model's context overflows from here on."""

FINETUNING_TEST_ROWS = 250
"""The file does not say; the in-context curves of the same study have 250."""


@dataclass(frozen=True)
class Recorded:
    kind: str
    dataset: str
    name: str
    sizes: np.ndarray
    values: np.ndarray
    n_test: int


def finetuning(path: Path) -> Iterator[Recorded]:
    """One curve a file: the mean over runs, sizes beyond the data set merged into the largest."""
    cells: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(path.open()):
        dataset = dataset_of(row["file"])
        size = min(int(row["n_shots"]), ROWS[dataset])
        cells[row["file"]][size].append(float(row["accuracy"]))
    for name, cell in sorted(cells.items()):
        yield recorded("finetune", dataset_of(name), name, cell, np.mean, FINETUNING_TEST_ROWS)


def in_context(path: Path) -> Iterator[Recorded]:
    """One curve a model, data set and method: the median over runs."""
    cells: dict[tuple[str, str, str], dict[int, list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    n_test: dict[tuple[str, str, str], int] = {}
    for row in csv.DictReader(path.open()):
        shots = int(row["n_shots"])
        if shots < 1 or (row["model"] == COLLAPSES[0] and shots >= COLLAPSES[1]):
            continue
        key = (row["method"], row["dataset"], row["model"])
        cells[key][shots].append(float(row["accuracy"]))
        n_test[key] = int(float(row["n_test"]))
    for (method, dataset, model), cell in sorted(cells.items()):
        kind = "icl-random" if method == "random" else "icl-retrieved"
        rows = n_test[method, dataset, model]
        yield recorded(kind, dataset_of(dataset), model, cell, np.median, rows)


def dataset_of(name: str) -> str:
    return next(dataset for dataset in LABELS if dataset in name.lower())


def recorded(
    kind: str,
    dataset: str,
    name: str,
    cell: Mapping[int, list[float]],
    merge: Callable[[list[float]], float],
    n_test: int,
) -> Recorded:
    sizes = np.array(sorted(cell))
    values = np.array([float(merge(cell[size])) for size in sizes])
    return Recorded(kind, dataset, name, sizes, values, n_test)


def last_value(sizes: np.ndarray, values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.full(len(targets), values[-1])


def log_linear(sizes: np.ndarray, values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    slope, level = np.polyfit(np.log(sizes), values, 1)
    return np.clip(level + slope * np.log(targets), 0, 1)


def power(sizes: np.ndarray, values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """a - b n^-c by least squares, within 0 <= a <= 1, b >= 0 and 0 <= c <= 5."""

    def law(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a - b * n ** (-c)

    start = (0.9, 1.0, 0.5)
    fitted, _ = curve_fit(
        law, sizes.astype(float), values, start, bounds=([0, 0, 0], [1, np.inf, 5]), max_nfev=20_000
    )
    return np.clip(law(targets.astype(float), *fitted), 0, 1)


SIMPLE = {"last value": last_value, "log-linear": log_linear, "power-3": power}
CUTS = {
    "finetune": (128, 256, 512, 1024),
    "icl-random": (10, 25, 50, 100),
    "icl-retrieved": (10, 25, 50, 100),
}


def score(curves: list[Recorded], cut: int, counts: Mapping[str, list[int]]) -> list[str]:
    errors: dict[str, list[float]] = defaultdict(list)
    covered, widths = [], []
    for curve in curves:
        seen, asked = curve.sizes <= cut, curve.sizes >= 2 * cut
        if seen.sum() < 3 or not asked.any():
            continue
        sizes, values = curve.sizes[seen], curve.values[seen]
        targets, truth = curve.sizes[asked], curve.values[asked]
        for name, predict in SIMPLE.items():
            errors[name].extend(abs(predict(sizes, values, targets) - truth))
        estimates = extrapolate(
            curve.kind,
            sizes.tolist(),
            values.tolist(),
            curve.n_test,
            targets.tolist(),
            label_counts=counts.get(curve.dataset, LABELS[curve.dataset]),
        )
        for estimate, value in zip(estimates, truth, strict=True):
            assert isinstance(estimate, Estimate)
            errors["ours"].append(abs(estimate.value - value))
            covered.append(estimate.low <= value <= estimate.high)
            widths.append(estimate.high - estimate.low)
    means = [f"{100 * np.mean(errors[name]):.2f}" for name in (*SIMPLE, "ours")]
    return [str(len(covered)), *means, f"{np.mean(covered):.2f}", f"{100 * np.mean(widths):.0f}"]


def label_counts(directory: Path) -> dict[str, list[int]]:
    """Train rows of each label, from DIRECTORY/text where it is."""
    import json

    found = {}
    for dataset in LABELS:
        path = directory / "text" / dataset / "train.jsonl"
        if path.exists():
            labels = [json.loads(line)["label"] for line in path.open()]
            found[dataset] = [labels.count(label) for label in sorted(set(labels), key=str)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels-only", action="store_true", help="give only the label number")
    arguments = parser.parse_args()
    directory = arguments.data / "curves"
    curves = [
        *finetuning(directory / "finetuning_curves.csv"),
        *in_context(directory / "icl_curves.csv"),
    ]
    counts = {} if arguments.labels_only else label_counts(arguments.data)
    header = ["curve", "cut", "n", *SIMPLE, "ours", "in 90 %", "width 90 %"]
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for kind, cuts in CUTS.items():
        for cut in cuts:
            cells = score([curve for curve in curves if curve.kind == kind], cut, counts)
            print("| " + " | ".join([kind, str(cut), *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
