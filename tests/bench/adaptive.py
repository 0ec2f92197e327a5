"""Adaptive probing against uniform probing, successive halving and random choice, replayed.

    python tests/bench/adaptive.py                       # 304 problems; most of an hour
    python tests/bench/adaptive.py --simulated 16 --recorded 0
    python tests/bench/adaptive.py --write docs/benchmarks/adaptive.md

Half of the problems are simulated worlds whose curves are known, half are resampled from the
evidence that `make backtest` keeps (`--evidence DIR`; `--measure menus` adds the probes that it
left out, which takes half an hour more, `--measure models` only what a model is forecast by). Each
method asks for one probe after the other and gets the same answers; at every cost the choice is
made from what the method knows then, by the same forecasts and the same decision. The tables of
docs/benchmarks/adaptive.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worlds" / "plugins"))

from replays.comparison import SAME, Comparison, Interval, compared
from replays.contest import SHARES, Result, contest
from replays.methods import Halving, adaptive, at_random, uniform
from replays.problem import Problem
from replays.recorded import Archive, archives, measure_menus, measure_models, recorded_problem
from replays.simulated import simulated_problem

MEASURED = "## Measured"

METHODS = ("adaptive", "uniform", "halving", "random")


def fought(problem: Problem) -> Result:
    return contest(
        problem,
        {
            "adaptive": adaptive(problem),
            "uniform": uniform(problem),
            "halving": Halving(problem),
            "random": at_random(problem),
        },
    )


def simulated(seed: int) -> Result:
    return fought(simulated_problem(seed))


@cache
def opened(directory: Path) -> tuple[Archive, ...]:
    return archives(directory)


def recorded(directory: Path, number: int) -> Result | None:
    """Problem `number`: the tasks take turns."""
    known = opened(directory)
    problem = recorded_problem(known[number % len(known)], number // len(known))
    return None if problem is None else fought(problem)


def share(number: float) -> str:
    return f"{number:.1%}"


def shown(found: Interval, form: str = ".2f") -> str:
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(title: str, found: Comparison) -> str:
    menu = float(found.menus.mean())
    regrets = [
        [
            f"{share(cost)} ({share(cost * menu)})",
            *(shown(found.regret(name, place)) for name in METHODS),
        ]
        for place, cost in enumerate(SHARES)
    ]
    halves = [
        [
            f"{share(SHARES[place - 1])} against {share(SHARES[place])}",
            *(shown(found.ahead("adaptive", place - 1, name, place)) for name in METHODS[1:]),
        ]
        for place in range(1, len(SHARES))
    ]
    ratios = [
        [
            share(SHARES[place]),
            *(shown(found.cost_ratio("adaptive", name, place)) for name in METHODS[1:]),
        ]
        for place in range(len(SHARES))
    ]
    spent = ", ".join(f"{name} {share(float(np.mean(found.spent[name])))}" for name in METHODS)
    return "\n\n".join(
        [
            f"### {title}: {len(found.menus)} problems",
            "Regret in points, at a share of what the whole menu of probes costs (of what running "
            "everything in full costs):",
            table(["cost", *METHODS], regrets),
            f"Adaptive at half the cost: its regret minus the other's, paired (the same: at most "
            f"{SAME} above).",
            table(["costs", *METHODS[1:]], halves),
            "Cost of adaptive probing until its regret is the other's, over the other's cost:",
            table(["the other at", *METHODS[1:]], ratios),
            f"Spent in all, as a share of the menu: {spent}.",
        ]
    )


def task_of(result: Result) -> str:
    return result.name.rpartition(" ")[0]


def own_name(result: Result) -> str:
    return result.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=int, default=160)
    parser.add_argument("--recorded", type=int, default=144)
    parser.add_argument("--evidence", type=Path, default=Path("build/backtest"))
    parser.add_argument(
        "--measure",
        choices=("models", "menus"),
        help="first measure what the ledgers lack: of their models, or of their whole menus",
    )
    parser.add_argument("--write", type=Path, help="a page whose tables these become")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.measure == "menus":
        measure_menus(options.evidence)
    if options.measure:
        measure_models(options.evidence)
    start = time.perf_counter()
    if options.recorded and not opened(options.evidence):
        raise SystemExit(f"no evidence in {options.evidence}: run `make backtest`, or name another")
    with ProcessPoolExecutor(options.jobs) as pool:
        worlds = list(pool.map(simulated, range(options.simulated), chunksize=4))
        count = options.recorded
        found = pool.map(recorded, [options.evidence] * count, range(count), chunksize=4)
        kept = [one for one in found if one is not None]
    parts = [
        ("Simulated worlds", worlds, own_name),
        ("Recorded evidence", kept, task_of),
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


def tell(tables: str, page: Path | None) -> None:
    """Prints the tables, or puts them under the page's last heading."""
    if page is None:
        print(tables)
        return
    kept = page.read_text(encoding="utf-8").partition(f"{MEASURED}\n")[0]
    page.write_text(f"{kept}{MEASURED}\n\n{tables}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
