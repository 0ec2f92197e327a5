"""Forecasts of the tiny family's tasks, held against running everything: the README's table.

    python tests/bench/tiny_backtest.py                # nine tasks; about half an hour on two cores
    python tests/bench/tiny_backtest.py --tasks intent

One `cosmosql backtest` a task, two at a time, in a directory that keeps what was measured
(`--keep DIR`), so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cosmosql.extensions.sources.generated.tasks import TASKS

NINE = ("desk", "intent", "faq", "headline", "sentiment", "aspect", "ticket", "triage", "actor")
"""The tasks of the README's table: the first nine as they are declared."""

TABLE = "| task | predicted | error, points | tau | regret, points | 90 % cover | compute saved |"

SPEC = """import std.hardware as hw
import std.tiny as tiny

dataset rows extends tiny.dataset.{task} {{
  rows = 2_100 examples

  roles {{
    train = 1_024 examples
    validation = 300 examples
    calibration = 100 examples
    test = 500 examples
  }}
}}

task here extends tiny.task.{task} {{
  data = dataset.rows
}}

retriever nearest using bm25 {{
  corpus = dataset.rows
}}

strategy baseline using baseline {{
  method = sweep(majority, knn, tfidf)
}}

strategy random_shots using icl {{
  model = sweep(tiny.small, tiny.large)
  shots = sweep(0, 4, 8, 16)
  on = hw.cpu
}}

strategy retrieved using icl {{
  model = sweep(tiny.small, tiny.large)
  retriever = retriever.nearest
  shots = sweep(4, 8, 16)
  on = hw.cpu
}}

strategy tuned using lora {{
  model = sweep(tiny.small, tiny.large)
  share = sweep(25%, 50%, 100%)
  epochs = 4
  learning_rate = 0.005
  on = hw.cpu
}}

probe short {{
  sizes = [64, 128]
  shots = [0, 1, 2, 4]
  rows = 200 examples
  seeds = [11]
}}

query pick {{
  for task.here
  among strategy.*
  measure with probe.short within 1 USD
  maximize {metric}
}}
"""


def backtest(task: str, folder: Path) -> dict[str, Any]:
    """The backtest document of one task."""
    metric = "exact_match" if TASKS[task].kind == "extract" else "accuracy"
    path = folder / task / "backtest.cosmos"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SPEC.format(task=task, metric=metric), encoding="utf-8")
    command = [sys.executable, "-m", "cosmosql", "backtest", str(path)]
    ran = subprocess.run(
        [*command, "--format", "json"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"{task} done", file=sys.stderr, flush=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def shown(number: float | None, form: str) -> str:
    return "" if number is None else format(number, form)


def row(task: str, found: dict[str, Any]) -> str:
    predicted = sum(1 for one in found["candidates"] if one["basis"] == "predicted")
    cells = [
        task,
        str(predicted),
        shown(found["mae_points"], ".1f"),
        shown(found["kendall_tau"], ".2f"),
        shown(found["regret_points"], ".1f"),
        shown(found["coverage"]["90"], ".0%"),
        shown(found["cost_saved"], ".1%"),
    ]
    return f"| {' | '.join(cells)} |"


def mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def summary(found: Sequence[dict[str, Any]]) -> str:
    """The mean over tasks, each task counted once."""
    whole: dict[str, Any] = {
        name: mean([one[name] for one in found])
        for name in ("mae_points", "kendall_tau", "regret_points", "cost_saved")
    }
    whole["coverage"] = {"90": mean([one["coverage"]["90"] for one in found])}
    whole["candidates"] = [one for document in found for one in document["candidates"]]
    return row("**mean**", whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", default=NINE, choices=sorted(TASKS))
    parser.add_argument("--keep", type=Path, help="where specs, plans and ledgers stay")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        folder = options.keep or Path(scratch)
        found = list(pool.map(lambda task: backtest(task, folder), options.tasks))
    print(TABLE)
    print("|---|" + "--:|" * (TABLE.count("|") - 2))
    for task, document in zip(options.tasks, found, strict=True):
        print(row(task, document))
    print(summary(found))


if __name__ == "__main__":
    main()
