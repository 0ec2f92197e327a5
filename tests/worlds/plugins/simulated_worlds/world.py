"""A world on disk: its spec and rows, and what is true of the candidates that it compiles to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cosmosql.contracts.strategy import Fidelity
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.series import configuration, strategy_of
from simulated_worlds.law import Law, Setting, law_of
from simulated_worlds.rows import label_of, text_of

TRAIN, VALIDATION, CALIBRATION, TEST = 256, 160, 8, 400

SPEC = """dataset rows using jsonl {{
  source = "rows.jsonl"
  id = number

  roles {{
    train = {train} examples
    validation = {validation} examples
    calibration = {calibration} examples
    test = {test} examples
  }}
}}

task label using classify {{
  data = dataset.rows
  input = "{{text}}"
  target = label
}}

model small using simulated {{
  world = {seed}
  size = small
}}

model large using simulated {{
  world = {seed}
  size = large
}}

retriever nearest using bm25 {{
  corpus = dataset.rows
}}

hardware box {{
  price = 3.60 USD/GPU-hour
  source = "the world's own"
  assumed = true
}}

strategy majority using baseline {{
  method = majority
}}

strategy zero_shot using prompt {{
  model = sweep(model.small, model.large)
  on = hardware.box
}}

strategy random_shots using icl {{
  model = sweep(model.small, model.large)
  shots = sweep(4, 16)
  on = hardware.box
}}

strategy retrieved using icl {{
  model = sweep(model.small, model.large)
  retriever = retriever.nearest
  shots = sweep(4, 16)
  on = hardware.box
}}

strategy tuned using lora {{
  model = sweep(model.small, model.large)
  epochs = sweep(1, 4)
  learning_rate = sweep(0.001, 0.004)
  on = hardware.box
}}

probe menu {{
  sizes = [32, 96]
  shots = [1, 2, 4]
  steps = [8]
  rows = {validation}
  seeds = [11]
  order = {order}
}}
{budget}
query pick {{
  for task.label
  among strategy.*
  measure with probe.menu within {cap}
  maximize accuracy
  decide within {tolerance} pp with confidence {confidence}%
}}
"""

TOLERANCE, CONFIDENCE = 2, 90
"""In points, and in percent."""


def write_world(
    seed: int, folder: Path, caps: Mapping[str, str] | None = None, order: str = "adaptive"
) -> Path:
    """Writes a world's rows and spec into a folder and returns the spec's path. `caps` limit the
    meters of probing, each as an amount with its unit; without them 1,000 USD do. `order` is the
    probe's: adaptive or complete."""
    law = law_of(seed)
    folder.mkdir(parents=True, exist_ok=True)
    count = TRAIN + VALIDATION + CALIBRATION + TEST
    texts = (text_of(law, number) for number in range(count))
    rows = [
        json.dumps({"number": number, "text": text, "label": label_of(law, text)})
        for number, text in enumerate(texts)
    ]
    (folder / "rows.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    limits = "".join(f"    {meter} = {amount}\n" for meter, amount in (caps or {}).items())
    budget = f"\nbudget caps {{\n  probing {{\n{limits}  }}\n}}\n" if caps else ""
    spec = SPEC.format(
        seed=seed,
        train=TRAIN,
        validation=VALIDATION,
        calibration=CALIBRATION,
        test=TEST,
        order=order,
        budget=budget,
        cap="budget.caps" if caps else "1_000 USD",
        tolerance=TOLERANCE,
        confidence=CONFIDENCE,
    )
    path = folder / "world.cosmos"
    path.write_text(spec, encoding="utf-8")
    return path


def setting_of(candidate: Candidate, full: Fidelity) -> Setting | None:
    """How a candidate in full adapts its model; None where it has none."""
    if candidate.model is None:
        return None
    size = candidate.model.removeprefix("model.")
    match candidate.kind:
        case "prompt":
            return Setting(size=size, way="zero_shot")
        case "icl":
            way = "random" if candidate.retriever is None else "retrieved"
            return Setting(size=size, way=way, shots=full.shots or 0)
        case "lora":
            return Setting(
                size=size,
                way="tuned",
                rows=full.train_rows or 0,
                seen=examples_seen(candidate, full),
                rank=int(str(candidate.config["rank"])),
                learning_rate=float(str(candidate.config["learning_rate"])),
            )
        case kind:
            raise ValueError(f"worlds have no {kind}")


def examples_seen(candidate: Candidate, full: Fidelity) -> float:
    """Examples that training sees, by the strategy's own count of steps."""
    work = strategy_of(candidate.kind).workload(
        configuration(candidate),
        full,
        input_tokens=1,
        target_tokens=0,
        instruction_tokens=0,
        options=0,
        rows=0,
    )
    return float(work.training_tokens)


def truth_of(law: Law, candidate: Candidate, full: Fidelity, majority: float) -> float:
    """The expected accuracy of a candidate in full; `majority` is that of answering the most
    frequent label always."""
    setting = setting_of(candidate, full)
    return majority if setting is None else law.expected(setting)
