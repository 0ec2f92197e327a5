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
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize, minimize_scalar

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
    SCALES,
    Runs,
    Surface,
    Term,
    angle,
    covariance_of,
    drawn,
    expected,
    feature_table,
    informed,
    log_evidence,
    run_noise,
    scale_odds,
    share,
    variances,
)
from cosmosql.probes.lower import lower
from cosmosql.probes.runtime import Runtime

DRAWS = 4000

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
        unlike=0.5,
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
        unlike=0.5,
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

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        fit, slope = misfit(unpacked(form, vector), runs)
        return fit + 0.5 * float(((vector - start) ** 2).sum()), slope + vector - start

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return unpacked(form, found.x)


def misfit(surface: Surface, runs: Runs) -> tuple[float, np.ndarray]:
    """Negative log likelihood of the runs, up to a constant, and its gradient in the order of
    `packed` (Rasmussen and Williams 2006, 5.4.1)."""
    places = runs.places
    features = feature_table(surface, places) * list(surface.weights.values())
    parts = [covariance_of(term, places, places) for term in surface.terms]
    matrix = features @ features.T + sum(parts) + np.diag(variances(surface, runs) + JITTER)
    factor = cholesky(matrix, lower=True)
    residual = angle(runs.values) - expected(surface, places)
    inverse = cho_solve((factor, True), np.eye(len(residual)))
    solved = inverse @ residual
    # By how much the misfit grows with each entry of the matrix, twice.
    slope = inverse - np.outer(solved, solved)
    gradient = [*np.einsum("if,ij,jf->f", features, slope, features, optimize=True)]
    for term, part in zip(surface.terms, parts, strict=True):
        weighed = slope * part
        gradient.append(weighed.sum())
        for name, length in term.lengths.items():
            along = coordinates(runs, name) / length
            gradient.append(weighed.sum(axis=1) @ along**2 - along @ weighed @ along)
    own = np.diag(slope) * run_noise(surface, places) ** 2 / runs.repeats
    gradient += [own @ along_noise(runs, name) for name in surface.noise]
    fit = 0.5 * float(residual @ solved) + float(np.log(np.diag(factor)).sum())
    return fit, np.array(gradient)


def coordinates(runs: Runs, name: str) -> np.ndarray:
    return np.array([one.coordinates[name] for one in runs.places])


def along_noise(runs: Runs, name: str) -> np.ndarray:
    """What a weight of the noise's line is multiplied by."""
    return np.ones(len(runs.places)) if name == "level" else coordinates(runs, name)


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
    return replace(form, weights=weights, terms=terms, noise=noise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A task seen from the others: the surface that was learnt without it, and the log evidence of
    all its runs for each scale."""

    surface: Surface
    evidence: np.ndarray


def set_apart(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Apart]:
    """Each task left out once."""
    found = {}
    for task in sorted({row["task"] for row in rows}):
        others = runs_from(kind, [row for row in rows if row["task"] != task])
        own = runs_from(kind, [row for row in rows if row["task"] == task])
        surface = learn(FORMS[kind], others)
        noise = np.diag(variances(surface, own) + JITTER)
        belief = informed(surface, others, own.places)
        evidence = log_evidence(belief, angle(own.values), noise)
        found[task] = Apart(surface=surface, evidence=evidence)
    return found


def unlikeness(tasks: Sequence[Apart]) -> float:
    """The expected logarithm of a task's scale under which the tasks are likeliest."""

    def loss(logarithm: float) -> float:
        odds = scale_odds(float(np.exp(logarithm)), np.zeros(len(SCALES)))
        return -sum(
            float(np.log(np.exp(one.evidence - one.evidence.max()) @ odds)) for one in tasks
        )

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 1.0), method="bounded").x))


# --- scoring


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
        apart = set_apart(kind, rows) if options.write or options.strict else {}
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
