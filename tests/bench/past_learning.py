"""Hyper-parameters of the surfaces from past runs, and how unlike a task is to the others.

The likeliest of all runs together with a broad prior around the values written below, by the
gradient. How unlike a new task is follows from each task under what was learnt without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize, minimize_scalar

from cosmosql.predict.surface import (
    JITTER,
    SCALES,
    Runs,
    Surface,
    Term,
    angle,
    covariance_of,
    expected,
    feature_table,
    informed,
    log_evidence,
    run_noise,
    scale_odds,
    variances,
)

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


def set_apart(form: Surface, others: Runs, own: Runs) -> Apart:
    """A task, of which `own` are all runs, under what the others' runs teach."""
    surface = learn(form, others)
    noise = np.diag(variances(surface, own) + JITTER)
    belief = informed(surface, others, own.places)
    return Apart(surface=surface, evidence=log_evidence(belief, angle(own.values), noise))


def unlikeness(tasks: Sequence[Apart]) -> float:
    """The expected logarithm of a task's scale under which the tasks are likeliest."""

    def loss(logarithm: float) -> float:
        odds = scale_odds(float(np.exp(logarithm)), np.zeros(len(SCALES)))
        return -sum(
            float(np.log(np.exp(one.evidence - one.evidence.max()) @ odds)) for one in tasks
        )

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 1.0), method="bounded").x))
