"""How often a certified policy breaks its promise, and what it costs, on recorded MMLU answers.

    python tests/bench/guarantees.py --data DIRECTORY [--points 1] [--rows 300 600 1000]

reads DIRECTORY/mmlu. The promise: at most so many points less accurate than the large model, with
95 % confidence. In each of 200 random splits some rows are calibration rows, 300 others are where
policies are designed, and all the rest judge: the promise is broken where the deficit there exceeds
what was promised. Unit costs: small 1, large the pair's ratio; a split without a certificate is
served by the large model.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import beta

from cosmosql.policies.paired_test import deficit_bound, deficit_p_value

PAIRS = (
    ("Llama-2-13b", "Llama-2-70b", 4.0),
    ("Llama-2-7b", "Llama-2-70b", 4.5),
    ("Qwen-1_8B", "Qwen-72B", 9.0),
    ("Qwen-7B", "Qwen-72B", 4.5),
)
"""Start of the small model's file name and of the large one's, cost of the large one."""

SPLITS = 200
DESIGNED = 300
DELTA = 0.05
GRID = 20
"""Thresholds among which Bonferroni's correction divides the error, and places of a start."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Some rows: the small tier's margin, and which tier is right."""

    margin: np.ndarray
    small: np.ndarray
    large: np.ndarray

    @property
    def deficit(self) -> np.ndarray:
        return self.large - self.small

    def part(self, index: np.ndarray) -> Rows:
        return Rows(margin=self.margin[index], small=self.small[index], large=self.large[index])


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a procedure settles on: the small tier answers above the `threshold`, and of those rows
    a random `share`; `asks`: it must be asked before that is known."""

    threshold: float = np.inf
    share: float = 1.0
    asks: bool = True

    def kept(self, rows: Rows) -> np.ndarray:
        return self.share * (rows.margin > self.threshold)

    def cost(self, rows: Rows, ratio: float) -> float:
        """Relative to the large tier alone, which serves where nothing is kept."""
        kept = float(self.kept(rows).mean())
        if kept == 0:
            return 1.0
        small = 1.0 if self.asks else kept
        return (small + (1 - kept) * ratio) / ratio


LARGE = Served()
Procedure = Callable[[Rows, Rows, float], Served]


def prefix(rows: Rows, kept: int) -> Served:
    """The `kept` calibration rows with the largest margins stay with the small tier."""
    ordered = np.sort(rows.margin)[::-1]
    if kept == 0:
        return LARGE
    return Served(threshold=float(ordered[kept]) if kept < len(ordered) else -np.inf)


def counts(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Losses and wins among the first 0, 1, 2, ... rows from the largest margin on."""
    deficit = rows.deficit[np.argsort(-rows.margin, kind="stable")]
    lost, won = np.cumsum(deficit > 0), np.cumsum(deficit < 0)
    return np.concatenate([[0], lost]), np.concatenate([[0], won])


def tuned(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The most rows whose estimated deficit is within the promise: no guarantee."""
    lost, won = counts(calibration)
    fits = np.flatnonzero(lost - won <= allowed * (len(lost) - 1))
    return prefix(calibration, int(fits[-1]))


def losses_only(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """Clopper and Pearson's bound of the losses alone: holds at all thresholds at once."""
    lost, _ = counts(calibration)
    rows = len(lost) - 1
    bound = beta.ppf(1 - DELTA, lost + 1, rows - lost)
    fits = np.flatnonzero(bound[:-1] <= allowed)
    return prefix(calibration, int(fits[-1]) if len(fits) else 0)


def paired(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The exact paired test from the largest margin down, to the first that fails."""
    lost, won = counts(calibration)
    rows = len(lost) - 1
    kept = 0
    for place in range(rows + 1):
        if deficit_p_value(int(lost[place]), int(won[place]), rows, allowed) > DELTA:
            break
        kept = place
    return prefix(calibration, kept)


def bonferroni(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """The exact paired test at every threshold of a grid, each with its part of the error."""
    best = LARGE
    for share in np.arange(1, GRID + 1) / GRID:
        limit = float(np.quantile(designed.margin, 1 - share))
        kept = calibration.deficit * (calibration.margin > limit)
        lost, won = int((kept > 0).sum()), int((kept < 0).sum())
        if deficit_p_value(lost, won, len(kept), allowed) <= DELTA / GRID:
            best = Served(threshold=limit)
    return best


def mixed(calibration: Rows, designed: Rows, allowed: float) -> Served:
    """A random share of all rows: the bound of the whole deficit says how large it may be."""
    lost, won = int((calibration.deficit > 0).sum()), int((calibration.deficit < 0).sum())
    bound = deficit_bound(lost, won, len(calibration.deficit), 1 - DELTA)
    return Served(threshold=-np.inf, share=min(1.0, allowed / bound), asks=False)


def always_large(calibration: Rows, designed: Rows, allowed: float) -> Served:
    return LARGE


PROCEDURES: Mapping[str, Procedure] = {
    "tuned threshold": tuned,
    "Bonferroni, 20 thresholds": bonferroni,
    "losses only, Clopper-Pearson": losses_only,
    "exact paired test": paired,
    "exact paired test, random mix": mixed,
    "always large": always_large,
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """Means over splits; `large`: share of rows that the large tier answers."""

    broken: float
    certified: float
    large: float
    cost: float


def measured(
    rows: Rows, procedure: Procedure, calibrated: int, allowed: float, ratio: float
) -> Result:
    found = []
    for split in range(SPLITS):
        order = np.random.default_rng(split).permutation(len(rows.margin))
        calibration, designed, rest = (
            rows.part(part) for part in np.split(order, [calibrated, calibrated + DESIGNED])
        )
        served = procedure(calibration, designed, allowed)
        kept = served.kept(rest)
        broken = float((kept * rest.deficit).mean()) > allowed
        found.append((broken, kept.any(), 1 - kept.mean(), served.cost(rest, ratio)))
    broken, certified, large, cost = np.mean(np.array(found, float), axis=0)
    return Result(broken=broken, certified=certified, large=large, cost=cost)


def oracle(rows: Rows, allowed: float) -> Served:
    """The threshold that keeps the promise exactly on all rows."""
    lost, won = counts(rows)
    fits = np.flatnonzero((lost - won) <= allowed * len(rows.margin))
    return prefix(rows, int(fits[-1]))


def recorded(directory: Path, small: str, large: str) -> Rows:
    """The rows that both models answered: the best option is the answer."""
    right = {
        str(row["id"]): letter(row["answer"]) for row in lines(directory / "questions.jsonl.gz")
    }
    first, second = (logits(directory / "answers", model) for model in (small, large))
    common = sorted(set(right) & set(first) & set(second))
    best = [sorted(first[row].values()) for row in common]
    return Rows(
        margin=np.array([ordered[-1] - ordered[-2] for ordered in best]),
        small=np.array(
            [max(first[row], key=first[row].__getitem__) == right[row] for row in common], float
        ),
        large=np.array(
            [max(second[row], key=second[row].__getitem__) == right[row] for row in common], float
        ),
    )


def logits(directory: Path, model: str) -> dict[str, dict[str, float]]:
    (path,) = [
        path
        for path in sorted(directory.iterdir())
        if path.name.lower().startswith((f"{model.lower()}.", f"{model.lower()}-hf"))
    ]
    return {str(row["id"]): row["logits"] for row in lines(path)}


def letter(answer: object) -> str:
    return "ABCD"[answer] if isinstance(answer, int) else str(answer)


def lines(path: Path) -> list[dict]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def table(
    pairs: Sequence[tuple[Rows, float]], calibrated: int, allowed: float
) -> list[tuple[str, list[Result]]]:
    return [
        (name, [measured(rows, procedure, calibrated, allowed, ratio) for rows, ratio in pairs])
        for name, procedure in PROCEDURES.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--points", type=float, default=1.0)
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 600, 1000])
    asked = parser.parse_args()
    allowed = asked.points / 100
    pairs = [(recorded(asked.data / "mmlu", small, large), ratio) for small, large, ratio in PAIRS]
    names = [f"{small} > {large}" for small, large, _ in PAIRS]
    best = [oracle(rows, allowed) for rows, _ in pairs]
    shares = [1 - one.kept(rows).mean() for one, (rows, _) in zip(best, pairs, strict=True)]
    costs = [one.cost(rows, ratio) for one, (rows, ratio) in zip(best, pairs, strict=True)]
    print(f"at most {asked.points:g} point(s) below the large model, 95 %, {SPLITS} splits")
    for calibrated in asked.rows:
        print(f"\n{calibrated} calibration rows")
        print("procedure | broken | worst pair | certified | large share | cost to large")
        for name, results in table(pairs, calibrated, allowed):
            mean = np.mean([[r.broken, r.certified, r.large, r.cost] for r in results], axis=0)
            worst = max(one.broken for one in results)
            print(
                f"{name} | {mean[0]:.3f} | {worst:.3f} | {mean[1]:.3f} | {mean[2]:.3f} | "
                f"{mean[3]:.3f}"
            )
            for pair, one in zip(names, results, strict=True):
                print(
                    f"    {pair} | {one.broken:.3f} |  | {one.certified:.3f} | {one.large:.3f} | "
                    f"{one.cost:.3f}"
                )
        print(f"oracle threshold | | | | {np.mean(shares):.3f} | {np.mean(costs):.3f}")


if __name__ == "__main__":
    main()
