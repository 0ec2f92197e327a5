"""Adaptive probing against uniform probing, successive halving and random choice, replayed.

    python tests/bench/adaptive.py --keep FILE           # 304 problems
    python tests/bench/adaptive.py --keep FILE --simulated 16 --recorded 0
    python tests/bench/adaptive.py --keep FILE --write docs/benchmarks/adaptive.md

Half of the problems are simulated worlds whose curves are known, half are resampled from the
evidence that `make backtest` keeps (`--evidence DIR`; `--measure` adds the probes that it left
out). Each method asks for one probe after the other and gets the same answers; at every cost the
choice is made from what the method knows then, by the same forecasts and the same decision. Results
go to FILE as they come, a line each; what is there already is not replayed again. The tables of
docs/benchmarks/adaptive.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worlds" / "plugins"))

from replays.comparison import SAME, Comparison, Interval, compared
from replays.contest import SHARES, Result, contest
from replays.methods import Halving, adaptive, at_random, uniform
from replays.problem import Problem
from replays.recorded import Archive, archives, measure_menus, recorded_problem
from replays.simulated import simulated_problem
from simulated_worlds.law import REGIMES

from cosmosql.probes.rounds import Chooser

MEASURED = "## Measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    simulated: int
    recorded: int
    evidence: Path
    keep: Path
    measure: bool
    write: Path | None


OTHERS = 4
"""One in so many worlds of each kind, and one in so many problems of each task, are replayed by
halving and by chance, too."""


def fought(problem: Problem, number: int) -> Result:
    """Adaptive against uniform probing; every so many problems against the others, too."""
    methods: dict[str, Chooser] = {"adaptive": adaptive(problem), "uniform": uniform(problem)}
    if number % OTHERS == 0:
        methods |= {"halving": Halving(problem), "random": at_random(problem)}
    return contest(problem, methods)


def simulated(options: Options, seed: int) -> Result:
    return fought(simulated_problem(seed), seed // len(REGIMES))


@cache
def opened(directory: Path) -> tuple[Archive, ...]:
    return archives(directory)


def recorded(options: Options, number: int) -> Result | None:
    """Problem `number`: the tasks take turns."""
    known = opened(options.evidence)
    problem = recorded_problem(known[number % len(known)], number // len(known))
    return None if problem is None else fought(problem, number // len(known))


KINDS: Mapping[str, Callable[[Options, int], Result | None]] = {
    "simulated": simulated,
    "recorded": recorded,
}


def replayed(options: Options) -> dict[str, list[Result]]:
    """The results of every kind that are in the file, or that are added to it now."""
    known = read(options.keep) if options.keep.exists() else {}
    counts = {"simulated": options.simulated, "recorded": options.recorded}
    wanted = [(kind, number) for kind, count in counts.items() for number in range(count)]
    left = sorted((one for one in wanted if one not in known), key=lambda one: one[::-1])
    if any(kind == "recorded" for kind, _ in left) and not opened(options.evidence):
        raise SystemExit(f"no evidence in {options.evidence}: run `make backtest`, or name another")
    with options.keep.open("a", encoding="utf-8") as file:
        for kind, number in left:
            known[kind, number] = found = KINDS[kind](options, number)
            line = {"kind": kind, "number": number, "result": found and asdict(found)}
            print(json.dumps(line), file=file, flush=True)
    return {
        kind: [found for number in range(count) if (found := known[kind, number]) is not None]
        for kind, count in counts.items()
    }


def read(file: Path) -> dict[tuple[str, int], Result | None]:
    """What a file has; None where a problem's evidence says too little."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {(one["kind"], one["number"]): one["result"] and result(one["result"]) for one in lines}


def result(document: dict[str, Any]) -> Result:
    regrets = {name: tuple(found) for name, found in document["regrets"].items()}
    return Result(**{**document, "regrets": regrets})


def share(number: float) -> str:
    return f"{number:.1%}"


def shown(found: Interval, form: str = ".2f") -> str:
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(title: str, found: Comparison) -> str:
    menu = float(found.menus.mean())
    methods = list(found.regrets)
    others = methods[1:]
    regrets = [
        [
            f"{share(cost)} ({share(cost * menu)})",
            *(shown(found.regret(name, place)) for name in methods),
        ]
        for place, cost in enumerate(SHARES)
    ]
    pairs = [
        (own, theirs) for theirs in range(len(SHARES)) for own in (theirs - 1, theirs) if own >= 0
    ]
    gaps = [
        [
            f"{share(SHARES[own])} against {share(SHARES[theirs])}",
            *(shown(found.ahead("adaptive", own, name, theirs)) for name in others),
        ]
        for own, theirs in pairs
    ]
    ratios = [
        [
            share(SHARES[place]),
            *(shown(found.cost_ratio("adaptive", name, place)) for name in others),
        ]
        for place in range(len(SHARES))
    ]
    spent = ", ".join(f"{name} {share(float(np.mean(found.spent[name])))}" for name in methods)
    return "\n\n".join(
        [
            f"### {title}: {len(found.menus)} problems",
            "Regret in points, at a share of what the whole menu of probes costs (of what running "
            "everything in full costs):",
            table(["cost", *methods], regrets),
            "Regret of adaptive probing minus the other's, paired, at half the other's cost and at "
            f"the same (no worse: the whole interval below {SAME}):",
            table(["costs", *others], gaps),
            "Cost of adaptive probing until its regret is the other's, over the other's cost:",
            table(["the other at", *others], ratios),
            f"Spent in all, as a share of the menu: {spent}.",
        ]
    )


def task_of(result: Result) -> str:
    return result.name.rpartition(" ")[0]


def own_name(result: Result) -> str:
    return result.name


def group_of(result: Result) -> str:
    """A world stands for itself, a task for all of its problems."""
    task = task_of(result)
    return result.name if task in REGIMES else task


def main() -> None:
    options = parsed()
    if options.measure:
        measure_menus(options.evidence)
    start = time.perf_counter()
    found = replayed(options)
    everything = found["simulated"] + found["recorded"]
    parts = [
        ("All", everything, group_of),
        ("Simulated worlds", found["simulated"], own_name),
        ("Recorded evidence", found["recorded"], task_of),
        (
            "By every method",
            [one for one in everything if set(one.regrets) > {"adaptive", "uniform"}],
            group_of,
        ),
    ]
    tell(
        "\n\n".join(
            report(title, compared(results, cluster))
            for title, results, cluster in parts
            if results
        ),
        options.write,
    )
    print(f"\n{time.perf_counter() - start:.0f} s", file=sys.stderr)


def parsed() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=int, default=160)
    parser.add_argument("--recorded", type=int, default=144)
    parser.add_argument("--evidence", type=Path, default=Path("build/backtest"))
    parser.add_argument("--keep", type=Path, required=True, help="where the results stay")
    parser.add_argument(
        "--measure", action="store_true", help="first measure what the ledgers lack of their menus"
    )
    parser.add_argument("--write", type=Path, help="a page whose tables these become")
    return Options(**vars(parser.parse_args()))


def tell(tables: str, page: Path | None) -> None:
    """Prints the tables, or puts them under the page's last heading."""
    if page is None:
        print(tables)
        return
    kept = page.read_text(encoding="utf-8").partition(f"{MEASURED}\n")[0]
    page.write_text(f"{kept}{MEASURED}\n\n{tables}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
