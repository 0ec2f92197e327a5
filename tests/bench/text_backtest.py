"""Forecasts of the tiny models on real text, held against running everything.

    python tests/bench/text_backtest.py --data DIR --keep DIR
    python tests/bench/text_backtest.py --data DIR --keep DIR --tasks trec
    python tests/bench/text_backtest.py --keep DIR --page       # again, from what is kept

reads DIR/text/NAME/*.jsonl (id, text, label) of SST-2, TREC and Banking77; where it is missing
nothing is done, and that is said. The rows of a source are put together and split anew, by a hash
of their text, so that each has 2,000 test rows, 512 to learn from and 600 to compare on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.backtest_ablations import ABLATIONS, ablations
from tests.bench.backtest_tables import page
from tests.bench.backtests import STRATEGIES, Bench, documents, run, took

CORES = 2

DATA = """import std.hardware as hw
import std.tiny as tiny

dataset rows using jsonl {{
  source = "rows.jsonl"
  id = id

  roles {{
    train = 512 examples
    validation = 600 examples
    calibration = 100 examples
    test = 2_000 examples
  }}
}}

task here using classify {{
  data = dataset.rows
  input = "{{text}}"
  target = label
  instruction = "{instruction}"
  metric = accuracy
}}

"""

PROBE = """
probe look {
  sizes = [64]
  steps = [16, 32]
  shots = [1, 2, 4]
  rows = 600 examples
  seeds = [11]
}
"""
"""What may be measured before the forecast is made."""

QUERY = """
query pick {
  for task.here
  among strategy.*
  measure with probe.look within 1 USD
  maximize accuracy
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A data set, and what of the grid is its own. `numbered`: labels stand as numbers of two
    digits, because comparing their names would cost several hundred tokens a row."""

    shots: str
    numbered: bool = False


SOURCES = {
    "trec": Source(shots="2, 4, 8"),
    "banking77": Source(shots="2, 4, 8", numbered=True),
    "sst2": Source(shots="2, 4, 8"),
}

GRID = {
    "ranks": "2, 16",
    "learning_rates": "0.0005, 0.005",
    "epochs": "1, 3",
    "lean_rank": "16",
    "lean_learning_rate": "0.005",
    "lean_epochs": "3",
}


def spec(name: str) -> str:
    source = SOURCES[name]
    # A number says nothing of what it stands for: a list of them is only paid for.
    instruction = "" if source.numbered else "labels: {labels}"
    return (
        DATA.format(instruction=instruction)
        + STRATEGIES.format_map({**GRID, "shots": source.shots})
        + PROBE
        + QUERY
    )


def rows_of(directory: Path, *, numbered: bool) -> list[Mapping[str, str]]:
    """The rows of every file of a source, their labels in the words of the tiny models' tokenizer,
    which knows no underscore."""
    rows = [
        json.loads(line)
        for path in sorted(directory.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    labels = sorted({row["label"] for row in rows})
    words = {
        label: str(10 + index) if numbered else label.replace("_", " ")
        for index, label in enumerate(labels)
    }
    return [{"id": row["id"], "text": row["text"], "label": words[row["label"]]} for row in rows]


def write_rows(bench: Bench, data: Path) -> None:
    for name in bench.specs:
        path = bench.keep / name / "rows.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = rows_of(data / "text" / name, numbered=SOURCES[name].numbered)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the directory that holds text/")
    parser.add_argument("--tasks", nargs="*", default=list(SOURCES), choices=SOURCES)
    parser.add_argument("--keep", type=Path, required=True, help="where everything stays")
    parser.add_argument("--jobs", type=int, default=CORES, help="sources at a time")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--page", action="store_true", help="every table, from what is kept")
    what.add_argument("--ablate", nargs="*", choices=ABLATIONS, help="forecasts from less")
    options = parser.parse_args()
    bench = Bench(specs={name: spec(name) for name in options.tasks}, keep=options.keep)
    if options.ablate is not None:
        print(ablations(bench, options.ablate or ABLATIONS))
        return
    if not options.page:
        if options.data is None or not (options.data / "text").is_dir():
            print("skipped: --data names no directory with text/ in it", file=sys.stderr)
            return
        start = time.monotonic()
        write_rows(bench, options.data)
        run(bench, jobs=options.jobs)
        print(f"{(time.monotonic() - start) / 60:.1f} minutes", file=sys.stderr)
    found = documents(bench)
    times = {task: took(bench, task) for task in found}
    print(page(found, times, what="sources of real text", cores=CORES))


if __name__ == "__main__":
    main()
