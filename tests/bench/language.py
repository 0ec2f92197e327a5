"""How fast the language is: starting, checking and formatting long specs, parsing beside HCL and
YAML, a keystroke.

    python tests/bench/language.py            # prints the tables; about three minutes on two cores
    python tests/bench/language.py --write    # and writes docs/benchmarks/language.md

Every figure is a median of repeated runs. What is compared with one another is measured in turns,
within one run, so that ratios hold where the machine is busy.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hcl2
import yaml
from pydantic import BaseModel, ConfigDict

from cosmosql.cli.collector import search_rarely
from cosmosql.model.bind import analyse
from cosmosql.model.memory import Memory
from cosmosql.source import Source
from cosmosql.syntax.parse import parse

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "language.md"
QUICKSTART = "examples/review/quickstart.cosmos"

HEAD = """import std.hardware as hw
import std.tiny as tiny

"""
BLOCK = """## Candidate number {number}.
strategy s{number} using lora {{
  model = sweep(tiny.small, tiny.large)
  rank = sweep(8, 16)
  learning_rate = 0.0002  # a remark
  share = share{number}
  on = hw.cpu
}}
let share{number} = ({number} + 2) / ({number} + 30)

"""
TAIL = """query pick {
  for tiny.task.intent
  among strategy.s0, strategy.s1
  measure within 1 USD
  maximize accuracy
}
"""
HCL = """# Candidate number {number}.
strategy "s{number}" {{
  using         = "lora"
  model         = ["tiny.small", "tiny.large"]
  rank          = [8, 16]
  learning_rate = 0.0002 # a remark
  share         = share{number}
  on            = "hw.cpu"
}}
share{number} = ({number} + 2) / ({number} + 30)

"""
YAML = """  # Candidate number {number}.
  s{number}:
    using: lora
    model: [tiny.small, tiny.large]
    rank: [8, 16]
    learning_rate: 0.0002  # a remark
    share: ({number} + 2) / ({number} + 30)
    "on": hw.cpu

"""


class Strategy(BaseModel):
    """What a schema of such a document would say."""

    model_config = ConfigDict(extra="ignore")

    using: str
    model: list[str]
    rank: list[int]
    learning_rate: float
    share: str
    on: str


class HclDocument(BaseModel):
    model_config = ConfigDict(extra="ignore")

    strategy: list[dict[str, Strategy]]


class YamlDocument(BaseModel):
    strategies: dict[str, Strategy]


def spec(lines: int) -> str:
    """A right spec of about so many lines."""
    return HEAD + "".join(BLOCK.format(number=number) for number in range(lines // 10)) + TAIL


def alternately(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median of each one's processor time, in seconds; they take turns."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            gc.collect()
            started = time.process_time()
            run()
            taken[name].append(time.process_time() - started)
    return {name: statistics.median(times) for name, times in taken.items()}


def command(arguments: list[str], repeats: int, compiled: Path) -> tuple[float, float]:
    """Medians of the processor and of the elapsed seconds of a command. Python's compiled files
    are there, as after an installation."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    busy, elapsed = [], []
    for turn in range(repeats + 1):
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            raise RuntimeError(f"{arguments} ended with {child.returncode}")
        if turn:
            busy.append(used.ru_utime + used.ru_stime)
            elapsed.append(time.perf_counter() - started)
    return statistics.median(busy), statistics.median(elapsed)


def starting(work: Path) -> list[str]:
    rows = [("python -c pass", ["-c", "pass"]), ("import click", ["-c", "import click"])]
    check = ["-m", "cosmosql", "check", QUICKSTART]
    rows += [
        ("cosmosql --version", ["-m", "cosmosql", "--version"]),
        (f"cosmosql check {QUICKSTART}", check),
        ("the same with --cache", [*check, "--cache", str(work / "looks")]),
        (f"cosmosql fmt --check {QUICKSTART}", ["-m", "cosmosql", "fmt", "--check", QUICKSTART]),
    ]
    lines = ["| command | processor seconds | elapsed seconds |", "|---|---|---|"]
    for name, arguments in rows:
        busy, elapsed = command(arguments, 9, work / "compiled")
        lines.append(f"| `{name}` | {busy:.2f} | {elapsed:.2f} |")
    return lines


def long_specs(work: Path) -> list[str]:
    lines = ["| lines | `check` | `fmt --check` |", "|---|---|---|"]
    for size, repeats in ((1_000, 5), (10_000, 5), (100_000, 3)):
        path = work / f"{size}.cosmos"
        path.write_text(spec(size), encoding="utf-8")
        taken = [
            command(["-m", "cosmosql", *words, str(path)], repeats, work / "compiled")[0]
            for words in (["check"], ["fmt", "--check"])
        ]
        lines.append(f"| {size:,} | {taken[0]:.2f} | {taken[1]:.2f} |")
    return lines


def beside_others(work: Path) -> list[str]:
    """1,000 strategies in three languages."""
    numbers = range(1000)
    own = HEAD + "".join(BLOCK.format(number=number) for number in numbers) + TAIL
    hcl = "".join(HCL.format(number=number) for number in numbers)
    document = "strategies:\n" + "".join(YAML.format(number=number) for number in numbers)
    path = work / "beside.cosmos"
    path.write_text(own, encoding="utf-8")

    def by_yaml(loader: Any) -> Callable[[], object]:
        return lambda: YamlDocument.model_validate(yaml.load(document, Loader=loader))

    compiled = getattr(yaml, "CSafeLoader", None)
    runs: dict[str, Callable[[], object]] = {
        "CosmosQL: text to typed tree": lambda: parse(Source("beside.cosmos", own)),
        "CosmosQL: names, types, units, static checks as well": lambda: analyse(path),
        "python-hcl2, then pydantic": lambda: HclDocument.model_validate(hcl2.loads(hcl)),
        "PyYAML (Python), then pydantic": by_yaml(yaml.SafeLoader),
        **({"PyYAML (libyaml), then pydantic": by_yaml(compiled)} if compiled else {}),
    }
    if len(HclDocument.model_validate(hcl2.loads(hcl)).strategy) != len(numbers):
        raise RuntimeError("HCL was not read as it is meant")
    found = alternately(runs, 3)
    first = next(iter(found.values()))
    lines = ["| 1,000 strategies read by | processor seconds | ratio |", "|---|---|---|"]
    lines += [
        f"| {name} | {seconds:.2f} | {seconds / first:.1f} |" for name, seconds in found.items()
    ]
    return lines


def keystrokes(work: Path) -> list[str]:
    lines = ["| lines | whole, ms | damaged, ms | without what was there before, ms |"]
    lines.append("|---|---|---|---|")
    for size, repeats in ((1_000, 15), (10_000, 7)):
        found = keystroke((work / f"keystroke-{size}.cosmos").resolve(), size, repeats)
        shown = " | ".join(f"{1000 * seconds:.0f}" for seconds in found.values())
        lines.append(f"| {size:,} | {shown} |")
    return lines


def keystroke(path: Path, size: int, repeats: int) -> dict[str, float]:
    """A digit is typed in the middle; every other text is damaged there."""
    text = spec(size)
    path.write_text(text, encoding="utf-8")
    memory = Memory()
    analyse(path, memory=memory)
    middle = text.index(" + 2)", len(text) // 2)
    digits = iter(range(10, 1000))

    def typed(end: str = "") -> Mapping[Path, str]:
        return {path: f"{text[:middle]}{next(digits)}{end}{text[middle:]}"}

    return alternately(
        {
            "whole": lambda: analyse(path, texts=typed(), memory=memory),
            "damaged": lambda: analyse(path, texts=typed(" ("), memory=memory),
            "anew": lambda: analyse(path, texts=typed()),
        },
        repeats,
    )


def page(work: Path) -> str:
    machine = f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}"
    others = ", ".join(f"{name} {version(name)}" for name in ("python-hcl2", "PyYAML", "pydantic"))
    tables = {
        "Starting": starting(work),
        "Long specs": long_specs(work),
        "Beside other languages": beside_others(work),
        "A keystroke": keystrokes(work),
    }
    body = "\n\n".join(
        f"## {title}\n\n{NOTES[title]}\n\n" + "\n".join(lines) for title, lines in tables.items()
    )
    return (
        "# How fast the language is\n\n"
        f"Measured with `python tests/bench/language.py --write` on {machine}, with {others}, "
        f"on {datetime.date.today()}. Every figure is a median of repeated runs.\n\n{body}\n"
    )


NOTES = {
    "Starting": "From nothing to the end of the command. `check` looks at the 2,000 rows of a "
    "generated dataset as well, which `--cache` remembers.",
    "Long specs": "Processor seconds of the whole command, start included. Ten lines are a "
    "documented strategy with two sweeps and a constant with arithmetic.",
    "Beside other languages": "The same declarations in HCL and YAML, read by the usual Python "
    "libraries and validated with a pydantic model. They leave units, names and sweeps as texts.",
    "A keystroke": "Processor milliseconds of the analysis that the language server makes after a "
    "key in the middle of a file, where the text is whole and where it is damaged there, beside an "
    "analysis that keeps nothing.",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    chosen = arguments.parse_args()
    search_rarely()
    with tempfile.TemporaryDirectory() as directory:
        text = page(Path(directory))
    print(text)
    if chosen.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
