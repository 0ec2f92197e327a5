"""Writes down the runs that backtests measured, and learns from them what is shipped as priors.

    python tests/bench/past_runs.py --evidence build/backtest --write     # stdlib/past
    python tests/bench/past_runs.py --score [--strict]                    # leave one task out

Nothing is measured: the runs come from the ledgers that `make backtest` keeps, a directory a task.
A run is described by what was known before it was made. Hyper-parameters maximise the marginal
likelihood of all runs together with a broad prior around the values written below, so that they
stay in reach where the runs say little. How unlike a new task is follows from each task under what
was learnt without it. `--score` forecasts the full runs of each task from the others' runs, from
the heads and from its own short runs; `--strict` learns the hyper-parameters without the task, too.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from cosmosql.identity import rounded
from cosmosql.predict import demonstrating, tuning
from cosmosql.predict.past import runs_of, surface_of
from cosmosql.predict.surface import Runs, Surface, angle, drawn, informed, share
from tests.bench.past_learning import FORMS, Apart, learn, set_apart, unlikeness
from tests.bench.past_ledgers import tables

DRAWS = 4000

FOLDER = Path(__file__).parents[2] / "stdlib" / "past"
PLACES = {"finetune": tuning.tuning_place, "icl": demonstrating.shown_place}


def each_apart(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Apart]:
    """Each task left out once."""
    return {
        task: set_apart(
            FORMS[kind],
            runs_from(kind, [row for row in rows if row["task"] != task]),
            runs_from(kind, [row for row in rows if row["task"] == task]),
        )
        for task in sorted({row["task"] for row in rows})
    }


def score(kind: str, rows: Sequence[Mapping[str, Any]], surfaces: Mapping[str, Surface]) -> str:
    """Mean absolute error in points and coverage of full runs, one task left out at a time, each
    with the surface of that task."""
    errors, inside = [], []
    for task, surface in surfaces.items():
        others = runs_from(kind, [row for row in rows if row["task"] != task])
        own = [row for row in rows if row["task"] == task]
        short = runs_from(kind, [row for row in own if row["full"] == "no"])
        full = runs_from(kind, [row for row in own if row["full"] == "yes"])
        for probes in (none_of(short), short):
            found = foretold(surface, others, probes, full)
            low, middle, high = np.quantile(found, [0.05, 0.5, 0.95], axis=0)
            errors.append(100 * abs(middle - full.values))
            inside.append((full.values >= low) & (full.values <= high))
    cells = []
    for name, start in (("without own runs", 0), ("with own short runs", 1)):
        error = np.mean(np.concatenate(errors[start::2]))
        covered = np.mean(np.concatenate(inside[start::2]))
        cells.append(f"{name}: {error:.2f} points, {covered:.0%} in 90 %")
    return f"{kind}: {'; '.join(cells)}"


def foretold(surface: Surface, others: Runs, probes: Runs, full: Runs) -> np.ndarray:
    """Draws of what one run at the place of each full run shows on as many rows."""
    rng = np.random.default_rng(0)
    sampling = 0.5 / np.sqrt(probes.rows) * rng.standard_normal((DRAWS, len(probes.rows)))
    belief = informed(surface, others, (*probes.places, *full.places))
    known = share(angle(probes.values) + sampling)
    found = drawn(surface, belief, probes.places, known, full.places, seed=1)
    return rng.binomial(full.rows.astype(int), found) / full.rows


def none_of(runs: Runs) -> Runs:
    return Runs(places=(), values=runs.values[:0], rows=runs.rows[:0], repeats=runs.repeats[:0])


def runs_from(kind: str, rows: Sequence[Mapping[str, Any]]) -> Runs:
    return runs_of(text_of(rows), PLACES[kind])


def text_of(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = StringIO()
    writer = csv.DictWriter(lines, list(rows[0]) if rows else ["task"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return lines.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evidence", type=Path, help="directory with one backtest a task")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    if options.evidence:
        found = tables(options.evidence)
    else:
        found = {
            kind: list(csv.DictReader((FOLDER / f"{kind}.csv").read_text().splitlines()))
            for kind in FORMS
        }
    for kind, rows in found.items():
        print(f"{kind}: {len(rows)} runs of {len({row['task'] for row in rows})} tasks")
        apart = each_apart(kind, rows) if options.write or options.strict else {}
        if options.write:
            learnt = learn(FORMS[kind], runs_from(kind, rows))
            write(kind, rows, replace(learnt, unlike=unlikeness([*apart.values()])))
        shipped = surface_of(json.loads((FOLDER / f"{kind}.json").read_text()))
        surfaces = dict.fromkeys(sorted({row["task"] for row in rows}), shipped)
        for task in apart:
            others = [one for name, one in apart.items() if name != task]
            surfaces[task] = replace(apart[task].surface, unlike=unlikeness(others))
        if options.score or options.strict:
            print(score(kind, rows, surfaces), flush=True)


def write(kind: str, rows: Sequence[Mapping[str, Any]], surface: Surface) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{kind}.csv").write_text(text_of(rows))
    document = json.dumps(asdict(surface), indent=2, default=rounded)
    (FOLDER / f"{kind}.json").write_text(f"{document}\n")


if __name__ == "__main__":
    main()
