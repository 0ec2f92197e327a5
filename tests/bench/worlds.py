"""Forecasts and decisions in simulated worlds whose learning curves are known.

    python tests/bench/worlds.py                  # 300 worlds; about twenty minutes on two cores
    python tests/bench/worlds.py --worlds 24 --first 1000 --order complete
    python tests/bench/worlds.py --write docs/benchmarks/worlds.md

Each world is a spec with 19 candidates that goes through the whole pipeline, under caps on some
meters that are drawn at random. The tables of docs/benchmarks/worlds.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worlds" / "plugins"))

from simulated_worlds.law import REGIMES, WRONG
from simulated_worlds.outcome import LEVELS, Judged, Outcome, Spent, run_world
from simulated_worlds.scores import confidence, coverage, errors, regrets, widths
from simulated_worlds.world import CONFIDENCE, TOLERANCE

MEASURED = "## Measured"

WAYS = ("random_shots", "retrieved", "tuned")


def cover(found: Sequence[Outcome], only: Callable[[Judged], bool] = lambda one: True) -> list[str]:
    cells = [coverage(found, level, only) for level in LEVELS]
    return ["" if one is None else f"{one.share:.1%} ± {1.96 * one.error:.1%}" for one in cells]


def coverage_rows(found: Sequence[Outcome]) -> list[list[str]]:
    """By kind of world; by way of adapting, without those of the wrong kind; over all."""
    known = [one for one in found if one.regime != WRONG]
    rows = []
    for regime in REGIMES:
        worlds = [one for one in found if one.regime == regime]
        if worlds:
            mean = [f"{np.abs(errors(worlds)).mean():.1f}", f"{widths(worlds).mean():.1f}"]
            rows.append([regime, str(len(worlds)), *cover(worlds), *mean])
    for way in WAYS:
        judged = [one for world in known for one in world.predicted if one.way == way]
        mean = [
            f"{np.mean([abs(one.error) for one in judged]):.1f}",
            f"{np.mean([one.width for one in judged]):.1f}",
        ]
        rows.append([f"`{way}`", str(len(known)), *cover(known, lambda one: one.way == way), *mean])  # noqa: B023
    mean = [f"{np.abs(errors(found)).mean():.1f}", f"{widths(found).mean():.1f}"]
    rows.append(["**all**", str(len(found)), *cover(found), *mean])
    mean = [f"{np.abs(errors(known)).mean():.1f}", f"{widths(known).mean():.1f}"]
    rows.append([f"**all but {WRONG}**", str(len(known)), *cover(known), *mean])
    bands = [coverage(known, level) for level in LEVELS]
    shown = [f"{one.band[0]:.1%} to {one.band[1]:.1%}" for one in bands if one is not None]
    rows.append(["band", "", *shown, "", ""])
    return rows


def decision_rows(found: Sequence[Outcome]) -> list[list[str]]:
    rows = []
    groups = {name: [one for one in found if one.regime == name] for name in REGIMES}
    groups["**all**"] = list(found)
    for name, worlds in groups.items():
        if not worlds:
            continue
        sure = confidence(worlds)
        regret = regrets(worlds)
        rows.append(
            [
                name,
                f"{sure.decided} of {len(worlds)}",
                str(sure.wrong),
                f"{sure.allowed * sure.decided:.1f}",
                f"{regret.mean():.2f}",
                *(f"{np.quantile(regret, level):.2f}" for level in (0.5, 0.9, 1.0)),
            ]
        )
    return rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(found: Sequence[Outcome], spent: Sequence[Spent]) -> str:
    began = [one for one in spent if one.began]
    exceeded = [one for one in spent if one.exceeded]
    used = [
        float(one.taken.get(meter, 0) / cap) for one in began for meter, cap in one.caps.items()
    ]
    names = [f"{level} %" for level in LEVELS]
    return "\n\n".join(
        [
            table(["worlds", "n", *names, "error, points", "width of 90 %"], coverage_rows(found)),
            f"Decided within {TOLERANCE} points at {CONFIDENCE} % confidence:",
            table(
                ["worlds", "decided", "wrong", "allowed", "mean regret", "median", "90 %", "most"],
                decision_rows(found),
            ),
            f"Caps: {sum(len(one.caps) for one in spent)} on {len(spent)} worlds; "
            f"{len(spent) - len(began)} worlds could not begin; exceeded in {len(exceeded)}; "
            f"most of a cap that was used: {max(used, default=0.0):.1%}.",
        ]
    )


def tell(tables: str, page: Path | None) -> None:
    """Prints the tables, or puts them under the page's last heading."""
    if page is None:
        print(tables)
        return
    kept = page.read_text(encoding="utf-8").partition(f"{MEASURED}\n")[0]
    page.write_text(f"{kept}{MEASURED}\n\n{tables}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="the first world's seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path, help="a page whose tables these become")
    parser.add_argument("--order", choices=("adaptive", "complete"), default="adaptive")
    options = parser.parse_args()
    start = time.perf_counter()
    seeds = range(options.first, options.first + options.worlds)
    with ProcessPoolExecutor(options.jobs) as pool:
        done = list(pool.map(run_world, seeds, repeat(options.order), chunksize=4))
    tell(report([one for one, _ in done], [two for _, two in done]), options.write)
    print(f"\n{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
