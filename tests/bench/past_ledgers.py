"""The runs that the ledgers of backtests hold, as rows of the tables of past runs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cosmosql.compiler import compile_spec
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.extensions.predictors.proxy_level import level_at
from cosmosql.extensions.strategies.fine_tuning import steps_of
from cosmosql.identity import canonical, rounded
from cosmosql.pipeline import facts_of
from cosmosql.probes.lower import lower
from cosmosql.probes.runtime import Runtime

KINDS = ("finetune", "icl")
"""The tables."""


def tables(evidence: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of both tables, in a fixed order."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
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
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
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
