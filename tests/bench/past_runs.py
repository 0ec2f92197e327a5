"""Writes down the runs that backtests measured, and learns from them what is shipped as priors.

    python tests/bench/past_runs.py --evidence build/backtest --write     # stdlib/past
    python tests/bench/past_runs.py --score [--strict]                    # leave one task out

Nothing is measured: the runs come from the ledgers that `make backtest` keeps, a directory a task.
A run is described by what was known before it was made. Hyper-parameters maximise the marginal
likelihood of all runs together with a broad prior around the values written below, so that they
stay in reach where the runs say little. `--score` forecasts the full runs of each task from the
others' runs, from the heads and from its own short runs; `--strict` learns the hyper-parameters
without the task, too.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from cosmosql.compiler import compile_spec
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.extensions.predictors.proxy_level import level_at
from cosmosql.extensions.strategies.fine_tuning import steps_of
from cosmosql.identity import canonical, rounded
from cosmosql.pipeline import facts_of
from cosmosql.predict import demonstrating, tuning
from cosmosql.predict.past import runs_of, surface_of
from cosmosql.predict.surface import (
    JITTER,
    Runs,
    Surface,
    Term,
    angle,
    covariance,
    expected,
    informed,
    share,
    variances,
)
from cosmosql.probes.lower import lower
from cosmosql.probes.runtime import Runtime

FOLDER = Path(__file__).parents[2] / "stdlib" / "past"
PLACES = {"finetune": tuning.tuning_place, "icl": demonstrating.shown_place}

TRAINING = {"examples": 2, "dose": 4, "rank": 6, "rows": 3}

FORMS = {
    "finetune": Surface(
        mean={"one": 0.0, "proxy": 1.0, "chance": 0.0, "zero_shot": 0.0},
        weights={"one": 0.5, "proxy": 0.5, "chance": 0.5, "zero_shot": 0.5},
        terms=(
            Term(
                shared="",
                deviation=0.2,
                lengths={**TRAINING, "parameters": 3, "level": 2},
            ),
            Term(
                shared="",
                deviation=0.2,
                lengths={**TRAINING, "parameters": 3},
                scale="room",
            ),
            Term(shared="task", deviation=0.1, lengths=TRAINING),
            Term(shared="model", deviation=0.05, lengths=TRAINING),
        ),
        noise={"level": -3.0, "dose": 0.1, "examples": 0.0},
    ),
    "icl": Surface(
        mean={"one": 0.0, "zero_shot": 1.0, "chance": 0.0},
        weights={"one": 0.3, "zero_shot": 0.5, "chance": 0.5},
        terms=(
            Term(
                shared="",
                deviation=0.2,
                lengths={"shots": 2, "retrieved": 1.5, "parameters": 2, "level": 2},
            ),
            Term(
                shared="task",
                deviation=0.1,
                lengths={"shots": 2, "retrieved": 1.5, "parameters": 2},
            ),
            Term(shared="model", deviation=0.1, lengths={"shots": 2, "retrieved": 1.5}),
            Term(shared="series", deviation=0.05, lengths={"shots": 2}),
        ),
        noise={"level": -3.0, "retrieved": -1.5, "shots": 0.0},
    ),
}
"""Where learning starts, and what it is drawn to."""


# --- reading the ledgers


def tables(evidence: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of both tables, in a fixed order."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in FORMS}
    for spec in sorted(evidence.glob("*/*.cosmos")):
        for kind, rows in of_task(spec).items():
            found[kind] += rows
    return found


def of_task(spec: Path) -> dict[str, list[dict[str, Any]]]:
    """The runs of one backtest. Test rows tell of a run in full, the mean over seeds; every run on
    validation rows stands by itself."""
    compiled = compile_spec(spec)
    with Ledger.read(compiled.root) as ledger:
        observations = sorted(ledger.all(), key=lambda one: one.key)
        runtime = Runtime(compiled.program, compiled.data, ledger)
    facts = facts_of(compiled, runtime)
    chance = max(facts.label_counts) / sum(facts.label_counts)
    models = {
        canonical(run.asked["model"]): run.model
        for run in lower(compiled.graph, runtime)
        if run.model is not None and run.measurement.kind != "profile"
    }
    known: dict[str, dict[str, Any]] = defaultdict(dict)
    groups: dict[str, list[Observation]] = defaultdict(list)
    for one in observations:
        model = models.get(canonical(one.asked.get("model")))
        if model is None or not one.items:
            continue
        if one.asked["step"].startswith("proxy"):
            known[model]["heads"] = one.values
        elif one.asked["strategy"] == "prompt" and one.role != "test":
            known[model]["zero_shot"] = score_of(one)
        elif one.asked["strategy"] in ("lora", "icl"):
            groups[canonical({**question(one), "model": model})].append(one)
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in FORMS}
    for text, group in sorted(groups.items()):
        model = json.loads(text)["model"]
        described = {
            "task": facts.task,
            "model": model,
            "parameters": runtime.card(model).parameters,
            "chance": rounded(chance),
        }
        kind = "finetune" if group[0].asked["strategy"] == "lora" else "icl"
        details = tuned if kind == "finetune" else shown
        if known[model].keys() >= {"heads", "zero_shot"}:
            found[kind].append({**described, **details(group[0], known[model]), **result(group)})
    return found


def question(one: Observation) -> dict[str, Any]:
    """What runs have in common that are repetitions of each other."""
    fidelity = dict(one.asked["fidelity"])
    if one.role == "test":
        del fidelity["seed"]
    return {
        "strategy": one.asked["strategy"],
        "config": one.asked["config"],
        "fidelity": fidelity,
        "retriever": one.asked["retriever"],
        "role": one.role,
    }


def tuned(one: Observation, known: Mapping[str, Any]) -> dict[str, Any]:
    config, fidelity = one.asked["config"], Fidelity(**one.asked["fidelity"])
    return {
        "train_rows": fidelity.train_rows,
        "examples": steps_of(config, fidelity) * config["batch_size"],
        "learning_rate": config["learning_rate"],
        "rank": config["rank"],
        "proxy": rounded(
            level_at(known["heads"]["sizes"], known["heads"]["accuracy"], fidelity.train_rows)
        ),
        "zero_shot": rounded(known["zero_shot"]),
    }


def shown(one: Observation, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "shots": one.asked["fidelity"]["shots"],
        "retrieved": "no" if one.asked["retriever"] is None else "yes",
        "zero_shot": rounded(known["zero_shot"]),
    }


def result(group: Sequence[Observation]) -> dict[str, Any]:
    return {
        "full": "yes" if group[0].role == "test" else "no",
        "value": rounded(float(np.mean([score_of(one) for one in group]))),
        "rows": len(group[0].items),
        "repeats": len(group),
    }


def score_of(one: Observation) -> float:
    return float(np.mean([item.score for item in one.items]))


# --- learning


def learn(form: Surface, runs: Runs) -> Surface:
    """The surface of this form under which the runs are likeliest, drawn to the form's values."""
    start = packed(form)

    def loss(vector: np.ndarray) -> float:
        surface = unpacked(form, vector)
        matrix = covariance(surface, runs.places, runs.places)
        matrix += np.diag(variances(surface, runs) + JITTER)
        factor = cholesky(matrix, lower=True)
        residual = angle(runs.values) - expected(surface, runs.places)
        fit = 0.5 * residual @ cho_solve((factor, True), residual) + np.log(np.diag(factor)).sum()
        return float(fit + 0.5 * ((vector - start) ** 2).sum())

    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 60})
    return unpacked(form, found.x)


def packed(surface: Surface) -> np.ndarray:
    """Logarithms of all that is positive, then the noise's line."""
    positive = [*surface.weights.values()]
    for term in surface.terms:
        positive += [term.deviation, *term.lengths.values()]
    return np.array([*np.log(positive), *surface.noise.values()])


def unpacked(form: Surface, vector: np.ndarray) -> Surface:
    count = len(vector) - len(form.noise)
    values = iter(np.exp(vector[:count]).tolist())
    weights = {name: next(values) for name in form.weights}
    terms = tuple(
        Term(
            shared=term.shared,
            deviation=next(values),
            lengths={name: next(values) for name in term.lengths},
            scale=term.scale,
        )
        for term in form.terms
    )
    noise = dict(zip(form.noise, vector[count:].tolist(), strict=True))
    return Surface(mean=form.mean, weights=weights, terms=terms, noise=noise)


# --- scoring


def score(kind: str, rows: Sequence[Mapping[str, Any]], surface: Surface | None) -> str:
    """Mean absolute error in points and coverage of full runs, one task left out at a time;
    `surface` None: learnt without the task."""
    errors, inside = [], []
    for task in sorted({row["task"] for row in rows}):
        others = runs_from(kind, [row for row in rows if row["task"] != task])
        own = [row for row in rows if row["task"] == task]
        short = runs_from(kind, [row for row in own if row["full"] == "no"])
        full = runs_from(kind, [row for row in own if row["full"] == "yes"])
        known = surface or learn(FORMS[kind], others)
        for probes in (none_of(short), short):
            mean, deviation = foretold(known, others, probes, full)
            spread = np.sqrt(deviation**2 + variances(known, full))
            errors.append(100 * abs(share(mean) - full.values))
            low, high = share(mean - 1.645 * spread), share(mean + 1.645 * spread)
            inside.append((full.values >= low) & (full.values <= high))
    cells = []
    for name, start in (("without own runs", 0), ("with own short runs", 1)):
        error = np.mean(np.concatenate(errors[start::2]))
        covered = np.mean(np.concatenate(inside[start::2]))
        cells.append(f"{name}: {error:.2f} points, {covered:.0%} in 90 %")
    return f"{kind}: {'; '.join(cells)}"


def foretold(
    surface: Surface, others: Runs, probes: Runs, full: Runs
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the curves at the full runs, arcsine scale."""
    places = (*probes.places, *full.places)
    belief = informed(surface, others, places)
    count = len(probes.places)
    known = belief.covariance[:count, :count] + np.diag(variances(surface, probes) + JITTER)
    gain = np.linalg.solve(known, belief.covariance[:count, count:])
    mean = belief.mean[count:] + gain.T @ (angle(probes.values) - belief.mean[:count])
    left = belief.covariance[count:, count:] - belief.covariance[count:, :count] @ gain
    return mean, np.sqrt(np.maximum(np.diag(left), 0))


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
        if options.write:
            surface = learn(FORMS[kind], runs_from(kind, rows))
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{kind}.csv").write_text(text_of(rows))
            document = json.dumps(asdict(surface), indent=2, default=rounded)
            (FOLDER / f"{kind}.json").write_text(f"{document}\n")
        if options.score or options.strict:
            shipped = surface_of(json.loads((FOLDER / f"{kind}.json").read_text()))
            print(score(kind, rows, None if options.strict else shipped), flush=True)


if __name__ == "__main__":
    main()
