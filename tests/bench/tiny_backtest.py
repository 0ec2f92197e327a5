"""Forecasts of the tiny family's tasks, held against running everything: the README's table.

    python tests/bench/tiny_backtest.py --keep DIR              # nine tasks, about an hour
    python tests/bench/tiny_backtest.py --keep DIR --tasks intent desk
    python tests/bench/tiny_backtest.py --keep DIR --page       # again, from what is kept

One `cosmosql backtest` a task, two at a time; what was measured stays in the directory, so that an
interrupted run goes on. `--table` prints the README's tables and `--page` that of
docs/benchmarks/tiny-backtest.md from the kept documents alone; `--ablate` forecasts again from the
kept evidence with less of it. None of the three measures anything.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from cosmosql.extensions.sources.generated.tasks import TASKS
from tests.bench.backtest_ablations import ABLATIONS, ablations
from tests.bench.backtest_tables import CHOICES, FORECASTS, by_task, over_tasks, page
from tests.bench.backtests import STRATEGIES, Bench, documents, run, took

NINE = ("desk", "intent", "faq", "headline", "sentiment", "aspect", "ticket", "triage", "actor")
"""The tasks of the README's table: the first nine as they are declared."""

CORES = 2

CAPPED = "regret under three binding caps on compute"

DATA = """import std.hardware as hw
import std.tiny as tiny

dataset rows extends tiny.dataset.{task} {{
  rows = 3_600 examples

  roles {{
    train = 512 examples
    validation = 600 examples
    calibration = 100 examples
    test = 2_000 examples
  }}
}}

task here extends tiny.task.{task} {{
  data = dataset.rows
}}

"""

GRID = {
    "shots": "4, 8, 16",
    "ranks": "2, 16",
    "learning_rates": "0.0005, 0.005",
    "epochs": "1, 3",
    "batch_size": "16",
    "lean_rank": "16",
    "lean_learning_rate": "0.005",
    "lean_epochs": "3",
}
"""35 candidates: 3 of words alone, 2 zero-shot, 6 and 6 with demonstrations, 18 adapters."""

PROBE = """
probe look {
  order = survey
  sizes = [64]
  steps = [16, 32]
  shots = [4, 12]
  rows = 200 examples
  seeds = [11]
}
"""
"""What may be measured before the forecast is made."""

QUERY = """
query pick {{
  for task.here
  among strategy.*
  measure with probe.look within 1 USD
  maximize {metric}
  decide within 2.5 pp
}}
"""


def spec(task: str) -> str:
    metric = "exact_match" if TASKS[task].kind == "extract" else "accuracy"
    return (
        DATA.format(task=task) + STRATEGIES.format_map(GRID) + PROBE + QUERY.format(metric=metric)
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="*", default=NINE, choices=sorted(TASKS))
    parser.add_argument("--keep", type=Path, required=True, help="where everything stays")
    parser.add_argument("--jobs", type=int, default=CORES, help="tasks at a time")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--table", action="store_true", help="the README's tables")
    what.add_argument("--page", action="store_true", help="every table")
    what.add_argument("--ablate", nargs="*", choices=ABLATIONS, help="forecasts from less")
    options = parser.parse_args()
    bench = Bench(specs={task: spec(task) for task in options.tasks}, keep=options.keep)
    if options.ablate is not None:
        print(ablations(bench, options.ablate or ABLATIONS))
    elif options.table:
        found = documents(bench)
        print(by_task(found, FORECASTS), over_tasks(found, CHOICES, CAPPED), sep="\n\n")
    else:
        if not options.page:
            start = time.monotonic()
            run(bench, jobs=options.jobs)
            print(f"{(time.monotonic() - start) / 60:.1f} minutes", file=sys.stderr)
        found = documents(bench)
        times = {task: took(bench, task) for task in found}
        print(page(found, times, what="tasks of the tiny family", cores=CORES))


if __name__ == "__main__":
    main()
