"""Extrapolation error and coverage on learning curves, beside three simple extrapolators.

    python tests/bench/curves.py --data DIRECTORY          # DIRECTORY/curves/*.csv
    python tests/bench/curves.py --curves FILE...          # the same two formats, other studies
    python tests/bench/curves.py --ledgers DIRECTORY...    # runs in DIRECTORY/.cosmosql
    python tests/bench/curves.py --simulated 100           # foreign worlds of coverage.py

For every kind of curve and cut the engine sees the sizes up to the cut (at least three) and is
asked for every recorded size of at least twice the cut: the mean absolute error in accuracy points,
the share of them inside the 50, 80 and 90 % intervals, a 90 % bootstrap interval for the last (data
sets are drawn, then curves within each), and the mean width of the 90 % interval.

A FILE with a column `method` holds in-context curves: model, dataset, method (random or retrieval),
n_shots, accuracy, n_test; a curve is the median over runs. Any other holds fine-tuning curves:
file (data set, perhaps with _seedN), n_shots = train rows, accuracy, n_test if it is known (250
else); a curve is the mean over runs. `--facts FILE` is JSON: for each data set its number of train
`rows` (larger sizes are merged into it), and `label_counts` (a list) or `labels` (their number);
facts that are not given are counted in --data, where it has the data set's text, else unknown.

`--priors lodo` adds what priors learnt from the other data sets' curves make of each.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import runpy
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from cosmosql.evidence.ledger import Ledger
from cosmosql.identity import digest
from cosmosql.predict.curves import DRAWS, sample_curve, usable_points
from cosmosql.predict.past_curves import PastCurve, learn_priors
from cosmosql.predict.priors import Priors

COLLAPSES = ("mistralai+Mistral-7B-v0.1", 500)
"""This model's context overflows from here on."""

TEST_ROWS = 250
"""Where a file does not say; the in-context curves of the shipped study have as many."""

CUTS = {
    "finetune": (128, 256, 512, 1024),
    "icl-random": (10, 25, 50, 100),
    "icl-retrieved": (10, 25, 50, 100),
}
GOALS = {
    ("finetune", 128): 5.0,
    ("finetune", 256): 4.5,
    ("finetune", 512): 4.0,
    ("finetune", 1024): 3.0,
    ("icl-random", 10): 6.0,
    ("icl-random", 50): 4.0,
    ("icl-retrieved", 10): 4.0,
    ("icl-retrieved", 50): 1.5,
}
LEVELS = (0.5, 0.8, 0.9)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a data set; None and () where nothing is."""

    rows: int | None = None
    labels: int | None = None
    label_counts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One curve: its sizes in rising order, a value for each."""

    kind: str
    dataset: str
    name: str
    sizes: np.ndarray
    values: np.ndarray
    rows: np.ndarray
    """That judged each value."""


Cells = dict[tuple[str, str, str], dict[int, list[float]]]


def read_curves(path: Path, facts: Mapping[str, Facts]) -> list[Recorded]:
    """The curves of a file of either format."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return in_context(rows) if rows and "method" in rows[0] else finetuning(rows, facts)


def finetuning(rows: Sequence[Mapping[str, str]], facts: Mapping[str, Facts]) -> list[Recorded]:
    """One curve a file: the mean over runs, sizes beyond the data set merged into the largest."""
    cells: Cells = defaultdict(lambda: defaultdict(list))
    n_test: dict[tuple[str, str, str], int] = {}
    for row in rows:
        dataset = re.sub(r"(_seed\d+)?(\.csv)?$", "", row["file"].lower())
        key = ("finetune", dataset, row["file"])
        largest = facts.get(dataset, Facts()).rows
        size = int(float(row["n_shots"]))
        cells[key][size if largest is None else min(size, largest)].append(float(row["accuracy"]))
        n_test[key] = int(float(row.get("n_test") or TEST_ROWS))
    return list(merged(cells, n_test, np.mean))


def in_context(rows: Sequence[Mapping[str, str]]) -> list[Recorded]:
    """One curve a model, data set and method: the median over runs."""
    cells: Cells = defaultdict(lambda: defaultdict(list))
    n_test: dict[tuple[str, str, str], int] = {}
    for row in rows:
        shots = int(float(row["n_shots"]))
        if shots < 1 or (row["model"] == COLLAPSES[0] and shots >= COLLAPSES[1]):
            continue
        kind = "icl-random" if row["method"] == "random" else "icl-retrieved"
        key = (kind, row["dataset"].lower(), row["model"])
        cells[key][shots].append(float(row["accuracy"]))
        n_test[key] = int(float(row.get("n_test") or TEST_ROWS))
    return list(merged(cells, n_test, np.median))


def merged(
    cells: Cells,
    n_test: Mapping[tuple[str, str, str], int],
    merge: Callable[[list[float]], float],
) -> Iterator[Recorded]:
    for key, cell in sorted(cells.items()):
        kind, dataset, name = key
        sizes = np.array(sorted(cell))
        values = np.array([float(merge(cell[size])) for size in sizes])
        rows = np.full(len(sizes), n_test[key])
        yield Recorded(kind=kind, dataset=dataset, name=name, sizes=sizes, values=values, rows=rows)


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
    fitted = curve_fit(
        law,
        sizes.astype(float),
        values,
        start,
        bounds=([0, 0, 0], [1, np.inf, 5]),
        max_nfev=20_000,
        full_output=True,
    )[0]
    return np.clip(law(targets.astype(float), *fitted), 0, 1)


SIMPLE = {"last value": last_value, "log-linear": log_linear, "power-3": power}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one target: the errors by extrapolator, and the intervals."""

    dataset: str
    curve: str
    errors: Mapping[str, float]
    inside: tuple[bool, ...]
    width: float
    seconds: float
    """Processor time of the engine's call for the curve."""


Believed = Mapping[str, Priors | None]
"""Priors by data set of the curve that is scored."""


def outcomes(
    curves: Iterable[Recorded],
    cut: int,
    facts: Mapping[str, Facts],
    believed: Believed,
    *,
    simple: bool = True,
) -> list[Outcome]:
    """One outcome for every target of every curve with at least three sizes up to the cut."""
    found = []
    for curve in curves:
        seen, asked = curve.sizes <= cut, curve.sizes >= 2 * cut
        if seen.sum() < 3 or not asked.any():
            continue
        known = facts.get(curve.dataset, Facts())
        before = time.process_time()
        measured = draws(curve, seen, asked, known, believed.get(curve.dataset))
        seconds = time.process_time() - before
        guesses = {"ours": np.median(measured, axis=0)}
        for name, predict in SIMPLE.items() if simple else ():
            guesses[name] = predict(curve.sizes[seen], curve.values[seen], curve.sizes[asked])
        bounds = [np.quantile(measured, [0.5 - x / 2, 0.5 + x / 2], axis=0) for x in LEVELS]
        for index, value in enumerate(curve.values[asked]):
            found.append(
                Outcome(
                    dataset=curve.dataset,
                    curve=curve.name,
                    errors={name: abs(guess[index] - value) for name, guess in guesses.items()},
                    inside=tuple(bool(b[0, index] <= value <= b[1, index]) for b in bounds),
                    width=float(bounds[-1][1, index] - bounds[-1][0, index]),
                    seconds=seconds,
                )
            )
    return found


def draws(
    curve: Recorded, seen: np.ndarray, asked: np.ndarray, known: Facts, priors: Priors | None
) -> np.ndarray:
    """Draws of the measured accuracies, shape (draws, targets), as `extrapolate` makes them: it
    gives the 90 % interval alone."""
    rows = curve.rows[seen].astype(float)
    posterior = sample_curve(
        curve.kind,
        usable_points(curve.sizes[seen].astype(float), curve.values[seen], rows),
        curve.sizes[asked].astype(float).tolist(),
        labels=len(known.label_counts) or known.labels,
        label_counts=known.label_counts,
        priors=priors,
        draws=DRAWS,
        seed=1,
    )
    tested = curve.rows[asked]
    return np.random.default_rng(2).binomial(tested, posterior.at_targets) / tested


def left_out(curves: Sequence[Recorded], facts: Mapping[str, Facts]) -> dict[str, Priors]:
    """For each data set the priors learnt from the curves of the others, all of one kind."""
    learnt = {}
    for held_out in sorted({curve.dataset for curve in curves}):
        past = [
            PastCurve(
                dataset=curve.dataset,
                sizes=curve.sizes.tolist(),
                accuracies=curve.values.tolist(),
                n_test=curve.rows.tolist(),
                label_counts=known.label_counts or known.labels,
            )
            for curve in curves
            if curve.dataset != held_out
            for known in [facts.get(curve.dataset, Facts())]
        ]
        learnt[held_out] = learn_priors(curves[0].kind, past)
    return learnt


def bootstrap(found: Sequence[Outcome], samples: int = 2000) -> tuple[float, float]:
    """90 % interval of the share inside the 90 % intervals: data sets are drawn with replacement,
    then curves within each."""
    tree: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        tree[one.dataset][one.curve].append(one.inside[-1])
    datasets = [
        np.array([(sum(hits), len(hits)) for hits in curves.values()]) for curves in tree.values()
    ]
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(samples):
        chosen = [datasets[index] for index in rng.integers(len(datasets), size=len(datasets))]
        drawn = np.concatenate([one[rng.integers(len(one), size=len(one))] for one in chosen])
        shares.append(drawn[:, 0].sum() / drawn[:, 1].sum())
    low, high = np.quantile(shares, [0.05, 0.95])
    return float(low), float(high)


def report(
    title: str,
    curves: Sequence[Recorded],
    cuts: Mapping[str, Sequence[int]],
    facts: Mapping[str, Facts],
    *,
    lodo: bool,
    goals: Mapping[tuple[str, int], float] | None = None,
) -> None:
    """Prints one table: a row for each kind and cut, and one for all cuts of a kind."""
    header = ["curve", "cut", "n", *SIMPLE, "ours", "goal", "in 50/80/90 %"]
    header += ["bootstrap of the last", "width 90 %"]
    header += ["ours, lodo", "in 90 %, lodo", "width, lodo"] if lodo else []
    print(f"\n{title}\n\n| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    calls: set[float] = set()
    for kind, kind_cuts in cuts.items():
        own = [curve for curve in curves if curve.kind == kind]
        learnt = left_out(own, facts) if lodo and own else {}
        scored = {cut: outcomes(own, cut, facts, {}) for cut in kind_cuts}
        others = {cut: outcomes(own, cut, facts, learnt, simple=False) for cut in kind_cuts if lodo}
        parts = [(str(cut), scored[cut], others.get(cut, [])) for cut in kind_cuts]
        if len(kind_cuts) > 1:
            parts.append(("all", [*chain(*scored.values())], [*chain(*others.values())]))
        for cut, found, other in parts:
            if not found:
                continue
            goal = (goals or {}).get((kind, int(cut))) if cut != "all" else None
            row = [kind, cut, *cells(found, goal)]
            row += [points(other), f"{inside(other)[-1]:.2f}", wide(other)] if other else []
            print("| " + " | ".join(row) + " |", flush=True)
            calls.update(one.seconds for one in found)
    if calls:
        print(f"\nProcessor time of a call: median {1000 * np.median(list(calls)):.0f} ms.")


def cells(found: Sequence[Outcome], goal: float | None) -> list[str]:
    low, high = bootstrap(found)
    return [
        str(len(found)),
        *(points(found, name) for name in (*SIMPLE, "ours")),
        "" if goal is None else f"{goal:.1f}",
        "/".join(f"{share:.2f}" for share in inside(found)),
        f"{low:.2f} to {high:.2f}",
        wide(found),
    ]


def points(found: Sequence[Outcome], name: str = "ours") -> str:
    return f"{100 * np.mean([one.errors[name] for one in found]):.2f}"


def inside(found: Sequence[Outcome]) -> np.ndarray:
    return np.mean([one.inside for one in found], axis=0)


def wide(found: Sequence[Outcome]) -> str:
    return f"{100 * np.mean([one.width for one in found]):.0f}"


def facts_of(data: Path | None, path: Path | None, *, labels_only: bool) -> dict[str, Facts]:
    """Facts by data set, from the texts under `data` and the side file, which goes before."""
    found = {}
    for train in sorted(data.glob("text/*/train.jsonl")) if data else ():
        with train.open() as file:
            counted = Counter(json.loads(line)["label"] for line in file)
        counts = tuple(counted[label] for label in sorted(counted, key=str))
        found[train.parent.name] = Facts(rows=sum(counts), labels=len(counts), label_counts=counts)
    for name, given in (json.loads(path.read_text()) if path else {}).items():
        counts = tuple(given.get("label_counts", ()))
        labels = len(counts) or given.get("labels")
        found[name.lower()] = Facts(rows=given.get("rows"), labels=labels, label_counts=counts)
    if labels_only:
        return {name: replace(known, label_counts=()) for name, known in found.items()}
    return found


LEDGER_CUTS = {"finetune": (512,), "icl-random": (4,), "icl-retrieved": (4,)}


def ledger_curves(directory: Path) -> list[Recorded]:
    """Curves of the runs in a ledger, by model: along shots, and of LoRA at one rank, rate and
    number of train rows along the examples seen. A point is the mean over seeds; a size that was
    judged on two sets of rows counts with the larger one."""
    cells: dict[tuple[str, str], dict[int, dict[int, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    with Ledger.read(directory) as ledger:
        for one in ledger.of_kind("evaluate"):
            place = place_of(one.asked)
            if place and one.items:
                kind, name, size = place
                accuracy = float(np.mean([item.score for item in one.items]))
                cells[kind, name][size][len(one.items)].append(accuracy)
    found = []
    for (kind, name), by_size in sorted(cells.items()):
        sizes = sorted(by_size)
        rows = [max(by_size[size]) for size in sizes]
        values = [float(np.mean(by_size[size][n])) for size, n in zip(sizes, rows, strict=True)]
        found.append(
            Recorded(
                kind=kind,
                dataset=directory.name,
                name=name,
                sizes=np.array(sizes),
                values=np.array(values),
                rows=np.array(rows),
            )
        )
    return found


def place_of(asked: Mapping[str, Any]) -> tuple[str, str, int] | None:
    """The kind, curve and size of a measured run; None for one that is on no curve."""
    config, fidelity = asked["config"], asked["fidelity"]
    model = digest(asked["model"])[:8]
    if asked["strategy"] == "icl" and (shots := fidelity["shots"]):
        retriever = asked["retriever"]
        using = retriever["using"] if retriever else "random"
        kind = "icl-random" if using == "random" else "icl-retrieved"
        return kind, f"{model} {using}", int(shots)
    if asked["strategy"] == "lora":
        rows, steps = fidelity["train_rows"], fidelity["steps"]
        seen = steps * config["batch_size"] if steps else round(rows * config["epochs"])
        name = f"{model} rank {config['rank']}, rate {config['learning_rate']}, {rows} rows"
        return "finetune", name, int(seen)
    return None


def simulated(worlds: int) -> tuple[list[Recorded], dict[str, tuple[int, ...]], dict[str, Facts]]:
    """Foreign worlds of coverage.py as curves of as many data sets, the cuts that part what is
    measured from what is asked, and the label numbers that the engine may know."""
    bench = runpy.run_path(str(Path(__file__).parent / "coverage.py"))
    curves, facts = [], {}
    for kind, (seen, asked) in bench["SIZES"].items():
        rng = np.random.default_rng(31)
        for number in range(worlds):
            world = bench["foreign"](kind, rng)
            name = f"{kind} {number}"
            facts[name] = Facts(labels=world.labels)
            curves.append(
                Recorded(
                    kind=kind,
                    dataset=name,
                    name=world.form,
                    sizes=np.array([*seen, *asked]),
                    values=rng.binomial(world.rows, world.values) / world.rows,
                    rows=np.full(len(world.values), world.rows),
                )
            )
    return curves, {kind: (seen[-1],) for kind, (seen, _) in bench["SIZES"].items()}, facts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--curves", type=Path, nargs="+", default=[], metavar="FILE")
    parser.add_argument("--ledgers", type=Path, nargs="+", default=[], metavar="DIRECTORY")
    parser.add_argument("--simulated", type=int, default=0, metavar="WORLDS")
    parser.add_argument("--facts", type=Path, metavar="FILE")
    parser.add_argument("--labels-only", action="store_true", help="give only the label number")
    parser.add_argument("--priors", choices=["shipped", "lodo"], default="shipped")
    arguments = parser.parse_args()
    if not (arguments.data or arguments.curves or arguments.ledgers or arguments.simulated):
        parser.error("nothing to score: --data, --curves, --ledgers or --simulated")
    lodo = arguments.priors == "lodo"
    facts = facts_of(arguments.data, arguments.facts, labels_only=arguments.labels_only)
    if arguments.data:
        directory = arguments.data / "curves"
        files = [directory / "finetuning_curves.csv", directory / "icl_curves.csv"]
        recorded = [curve for path in files for curve in read_curves(path, facts)]
        report("Recorded curves", recorded, CUTS, facts, lodo=lodo, goals=GOALS)
    if arguments.curves:
        others = [curve for path in arguments.curves for curve in read_curves(path, facts)]
        report("Curves of other studies", others, CUTS, facts, lodo=lodo)
    if arguments.ledgers:
        tiny = [curve for path in arguments.ledgers for curve in ledger_curves(path)]
        report("Runs in ledgers", tiny, LEDGER_CUTS, facts, lodo=lodo)
    if arguments.simulated:
        worlds, cuts, labels = simulated(arguments.simulated)
        report("Simulated foreign worlds", worlds, cuts, labels, lodo=False)


if __name__ == "__main__":
    main()
