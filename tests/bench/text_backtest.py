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
from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from tests.bench.backtest_ablations import ABLATIONS, ablations
from tests.bench.backtest_tables import page
from tests.bench.backtests import STRATEGIES, Bench, documents, run, took

ROOT = Path(__file__).resolve().parents[2]

CORES = 2

DATA = """import std.hardware as hw
import std.tiny as tiny

dataset rows using jsonl {
  source = "rows.jsonl"
  id = id

  roles {
    train = 512 examples
    validation = 600 examples
    calibration = 100 examples
    test = 2_000 examples
  }
}

task here using classify {
  data = dataset.rows
  input = "{text}"
  target = label
  instruction = ""
  metric = accuracy
}

"""

PROBE = """
probe look {{
  order = survey
  sizes = [64]
  steps = [16, 32]
  shots = [{looked}]
  rows = 200 examples
  seeds = [11]
}}
"""
"""What may be measured before the forecast is made."""

QUERY = """
query pick {
  for task.here
  among strategy.*
  measure with probe.look within 1 USD
  maximize accuracy
  decide within 2.5 pp
}
"""


SHOTS = {"trec": "4, 8, 16", "banking77": "4, 8, 16", "sst2": "2, 4, 8"}
"""By source: sixteen reviews do not fit the context."""

LOOKED = {"trec": "4, 12", "banking77": "4, 12", "sst2": "2, 6"}
"""The shots of the probes by source."""

GRID = {
    "ranks": "2, 16",
    "learning_rates": "0.0005, 0.005",
    "epochs": "1, 4",
    "batch_size": "8",
    "lean_rank": "16",
    "lean_learning_rate": "0.005",
    "lean_epochs": "4",
}
"""35 candidates. Text that is spelled in pieces takes more steps to learn than generated text."""

TOKENIZER = ROOT / "stdlib" / "tiny" / "large" / "tokenizer.json"


def spec(name: str) -> str:
    strategies = STRATEGIES.format_map({**GRID, "shots": SHOTS[name]})
    return DATA + strategies + PROBE.format(looked=LOOKED[name]) + QUERY


def rows_of(directory: Path) -> list[Mapping[str, str]]:
    """The rows of every file of a source, each label as one word; see `one_word_each`."""
    rows = [
        json.loads(line)
        for path in sorted(directory.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    words = one_word_each(sorted({row["label"] for row in rows}))
    return [{"id": row["id"], "text": row["text"], "label": words[row["label"]]} for row in rows]


def one_word_each(labels: Sequence[str]) -> dict[str, str]:
    """A word of the tiny models' vocabulary for every label: the first of its name that no other
    label has, else the next of the vocabulary.

    The models were taught on labels of one word. Spelled in pieces Banking77's take 553 tokens a
    row to compare, and an underscore is unknown to the tokenizer: 77 labels would be two.
    """
    known = Tokenizer.from_file(str(TOKENIZER)).get_vocab()
    found: dict[str, str] = {}
    for label in labels:
        own = (word for word in label.lower().split("_") if word in known)
        if (word := next((one for one in own if one not in found.values()), None)) is not None:
            found[label] = word
    taken = set(found.values())
    whole = (word for word in sorted(known, key=lambda one: known[one]) if word.isalpha())
    spare = (word for word in whole if len(word) > 3 and word not in taken)
    return {label: found.get(label) or next(spare) for label in labels}


def write_rows(bench: Bench, data: Path) -> None:
    for name in bench.specs:
        path = bench.keep / name / "rows.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = rows_of(data / "text" / name)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the directory that holds text/")
    parser.add_argument("--tasks", nargs="*", default=list(SHOTS), choices=SHOTS)
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
