"""Puts what the software prints into the pages of README.md and docs/ that ask for it, between
their markers, and the quickstart's plan, evidence and report into examples/review.

    python docs/outputs.py               # everything but the backtests' tables
    python docs/outputs.py --language    # what costs nothing: the checks and rewrites
    python docs/outputs.py --backtest    # the backtests' tables alone, from what was kept of them

Outputs are never typed by hand. Figures differ a little from machine to machine: the device profile
is measured.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "tour.md",
    ROOT / "docs" / "language-tools.md",
    ROOT / "docs" / "benchmarks" / "tiny-backtest.md",
    ROOT / "docs" / "benchmarks" / "text-backtest.md",
)
SPEC = "examples/quickstart.cosmos"
PLAN = "examples/quickstart.plan.json"
BUNDLE = "examples/quickstart.bundle"
REVIEW = ROOT / "examples" / "review"
REVIEWED = ("cosmos", "plan.json", "evidence.jsonl.gz", "report.md")
"""What a team would commit: kept as an example of a review."""
WIDTH = "138"
SHOWN_QUOTE = 12
"""Lines of the quote that the tour shows."""


def printed(*arguments: str, stdin: str | None = None, folder: Path = ROOT) -> str:
    """What `cosmosql ARGUMENTS` prints on both streams, run in a folder."""
    ran = subprocess.run(
        [sys.executable, "-m", "cosmosql", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.stdout.rstrip()


def console(command: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"```console\n$ cosmosql {command}\n{lines}\n```"


def mistake() -> str:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    text = text.replace("adapt_cost <= 0.10 USD", "adapt_cost <= 6 GPU-hours")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quickstart.cosmos"
        path.write_text(text, encoding="utf-8")
        return console(f"check {path.name}", printed("check", path.name, folder=path.parent))


def quote() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quickstart.cosmos"
        path.write_text((ROOT / SPEC).read_text(encoding="utf-8"), encoding="utf-8")
        lines = printed("quote", str(path)).splitlines()
    blank = max(place for place, line in enumerate(lines) if not line.strip())
    shown = [*lines[:SHOWN_QUOTE], "…", *lines[blank:]]
    return console(f"quote {SPEC}", "\n".join(shown))


def predict() -> str:
    row = '{"id": 1, "text": "hello , i need help with the mortgage . my iban is fine"}'
    answer = printed("predict", BUNDLE, stdin=row + "\n")
    return f"```console\n$ echo '{row}' | cosmosql predict {BUNDLE}\n{answer}\n```"


TICKETS = """\
import std.hardware as hw
import std.tiny as tiny

param floor = 83%

strategy shots using icl {
  model = tiny.small
  shotts = sweep(1, 2,4)
  on = hw.cpu
}
strategy words using baseline { method = tfidf }

query pick {
  for tiny.task.intent
  among strategy.*
  measure within 1 USD
  maximize acuracy
  require accuracy >= floor
  require adapt_cost <= 6 GPU-hours
}
"""
"""The spec of docs/language-tools.md, with two slips of the pen and one of the mind."""

SILENCED = """\
import std.tiny as tiny

param floor = 82%

# allow W0215: the nightly job sets it
param goal = 90%

strategy words using baseline {
  method = sweep(majority, tfidf)
}

query pick {
  for tiny.task.intent
  among strategy.*
  maximize accuracy
}
"""
"""One warning that is told, and one that is silenced with a reason."""


def tool(command: str, text: str) -> str:
    """What a command prints of a spec that holds the text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / command.split()[-1]
        path.write_text(text, encoding="utf-8")
        return console(command, printed(*command.split(), folder=path.parent))


def shown(command: str, text: str) -> str:
    """The spec itself, and what a command prints of it."""
    return f"```cosmos\n{text}```\n\n{tool(command, text)}"


def backtest(bench: str, *options: str) -> str:
    """What `tests/bench/BENCH_backtest.py` prints of what `make` keeps of it."""
    kept = {"tiny": "build/backtest", "text": "build/text-backtest"}[bench]
    ran = subprocess.run(
        [sys.executable, f"tests/bench/{bench}_backtest.py", "--keep", kept, *options],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


OUTPUTS = {
    "run": lambda: console(f"run {SPEC}", printed("run", SPEC)),
    "why": lambda: console(f"why {PLAN}", printed("why", PLAN)),
    "mistake": mistake,
    "quote": quote,
    "tools-spec": lambda: f"```cosmos untidy\n{TICKETS}```",
    "tools-check": lambda: tool("check tickets.cosmos", TICKETS),
    "tools-fix": lambda: tool("check --fix --diff tickets.cosmos", TICKETS),
    "tools-github": lambda: tool("check --format github tickets.cosmos", TICKETS),
    "tools-silence": lambda: shown("check --strict --verbose words.cosmos", SILENCED),
    "tools-fmt": lambda: tool("fmt --diff tickets.cosmos", TICKETS),
    "apply": lambda: console(f"apply {PLAN}", printed("apply", PLAN)),
    "predict": predict,
    "backtest": lambda: backtest("tiny", "--table"),
    "backtest-tiny": lambda: backtest("tiny", "--page"),
    "backtest-tiny-less": lambda: backtest("tiny", "--ablate"),
    "backtest-text": lambda: backtest("text", "--page"),
    "backtest-text-less": lambda: backtest("text", "--ablate"),
}
"""By the name that stands in a page's marker; in the order in which they can be made."""

BACKTESTS = tuple(name for name in OUTPUTS if name.startswith("backtest"))

LANGUAGE = ("mistake", *(name for name in OUTPUTS if name.startswith("tools-")))
"""What comes from the front of the line alone: made in a second, and the same on every machine."""


def marker(name: str) -> re.Pattern[str]:
    """Matches what stands between a name's markers."""
    return re.compile(rf"(<!-- output: {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backtest", action="store_true", help="only the backtests' tables")
    parser.add_argument("--language", action="store_true", help="only what costs nothing")
    parser.add_argument("--only", nargs="*", default=sorted(OUTPUTS), choices=sorted(OUTPUTS))
    options = parser.parse_args()
    wanted = set(LANGUAGE if options.language else options.only)
    wanted = wanted & set(BACKTESTS) if options.backtest else wanted - set(BACKTESTS)
    pages = {path: path.read_text(encoding="utf-8") for path in PAGES}
    for name in (name for name in OUTPUTS if name in wanted):
        place = marker(name)
        if not any(place.search(text) for text in pages.values()):
            continue
        body = OUTPUTS[name]()
        for path, text in pages.items():
            pages[path] = place.sub(lambda found, body=body: f"{found[1]}{body}\n{found[3]}", text)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    if options.language or options.backtest:
        return
    for suffix in REVIEWED:
        shutil.copy(ROOT / "examples" / f"quickstart.{suffix}", REVIEW)


if __name__ == "__main__":
    main()
