"""AUC of mixes and margin cascades on recorded MMLU answers.

    python tests/bench/tiers.py --data DIRECTORY

reads DIRECTORY/mmlu and prints, for pairs of models at unit costs, the area under accuracy against
budget: the random mix, the margin cascade with cross-fitted thresholds, and the streaming cascade
of arXiv 2405.02134 (mean of three orders), with what `auto` says of the cascade.
"""

from __future__ import annotations

import argparse
import gzip
import json
from bisect import bisect_left, insort
from pathlib import Path

import numpy as np
from scipy.integrate import trapezoid

from cosmosql.decide.frontier import frontier_of
from cosmosql.decide.tiers import BUDGETS, area, cascade_curve, cascade_share, mix_curve, pair_of
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.predict.pairing import row_weights

DRAWS = 100
STREAMED = 21
ORDERS = 3
PAIRS = (
    ("Llama-2-13b", "Llama-2-70b", 4.0),
    ("Llama-2-7b", "Llama-2-70b", 4.5),
    ("Qwen-1_8B", "Qwen-72B", 9.0),
    ("Qwen-7B", "Qwen-72B", 4.5),
)
"""(start of the small model's file name, of the large one's, cost ratio)."""


def answers(directory: Path, model: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Question ids, whether the best option is the right one, and margins."""
    truth = {row["id"]: row["answer"] for row in lines(directory / "questions.jsonl.gz")}
    (path,) = [
        path
        for path in sorted((directory / "answers").iterdir())
        if path.name.lower().startswith(model.lower() + ".")
        or path.name.lower().startswith(model.lower() + "-hf")
    ]
    ids, right, margins = [], [], []
    for row in lines(path):
        ordered = sorted(row["logits"].items(), key=lambda item: -item[1])
        ids.append(str(row["id"]))
        right.append(float(ordered[0][0] == letter(truth[row["id"]])))
        margins.append(ordered[0][1] - ordered[1][1])
    return ids, np.array(right), np.array(margins)


def letter(answer: object) -> str:
    return "ABCD"[answer] if isinstance(answer, int) else str(answer)


def lines(path: Path) -> list[dict]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def candidate(name: str, cost: float, rows: list[str], right: np.ndarray, margin: np.ndarray):
    weights = row_weights(rows, draws=DRAWS, seed=0)
    metric = weights @ right / len(rows)
    return Forecast(
        candidate=Candidate(
            name=name,
            strategy=name,
            kind="prompt",
            task="mmlu",
            model=name,
            retriever=None,
            hardware=None,
            config={},
        ),
        metric_name="accuracy",
        metric=Distribution(
            draws=metric, value=float(right.mean()), unit="", basis="measured", n=len(rows)
        ),
        measures={
            "serve_cost": Distribution(
                draws=np.full(DRAWS, cost), value=cost, unit="", basis="assumed", n=1
            )
        },
        items=ItemForecast(rows=tuple(rows), score=right, signals={"margin": margin}, shift=None),
    )


def streaming(small: np.ndarray, large: np.ndarray, margin: np.ndarray, ratio: float) -> float:
    """Area under the paper's streaming cascade over 21 budgets, mean of three orders: the
    threshold is element floor(n p) of the margins seen, the current one included."""
    budgets = np.linspace(1.0, ratio, STREAMED)
    heights = np.zeros(STREAMED)
    for order in range(ORDERS):
        shuffled = np.random.default_rng(order).permutation(len(small))
        for index, budget in enumerate(budgets):
            share = cascade_share(float(budget), 1.0, ratio)
            stream = small[shuffled], large[shuffled], margin[shuffled]
            heights[index] += one_stream(*stream, share) / ORDERS
    return float(trapezoid(heights, budgets) / (ratio - 1.0))


def one_stream(small: np.ndarray, large: np.ndarray, margin: np.ndarray, share: float) -> float:
    seen: list[float] = []
    right = 0.0
    for index, value in enumerate(margin.tolist()):
        insort(seen, value)
        place = min(int(len(seen) * share), len(seen) - 1)
        escalate = len(seen) > 20 and bisect_left(seen, value) < place
        right += large[index] if escalate else small[index]
    return right / len(margin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    directory = parser.parse_args().data / "mmlu"
    print("| small, large (cost ratio) | mix | margin cascade | streaming | auto |")
    print("|---|---|---|---|---|")
    for small_name, large_name, ratio in PAIRS:
        rows, small, margin = answers(directory, small_name)
        same, large, other = answers(directory, large_name)
        if rows != same:
            raise SystemExit(f"{small_name} and {large_name} did not answer the same questions")
        pair = pair_of(
            candidate(small_name, 1.0, rows, small, margin),
            candidate(large_name, ratio, rows, large, other),
            "margin",
            seed=0,
        )
        if isinstance(pair, Unmeasured):
            raise SystemExit(pair.reason)
        mix, cascade = area(mix_curve(pair)), area(cascade_curve(pair))
        stream = streaming(small, large, margin, ratio)
        middle = cascade_curve(pair)[BUDGETS // 2]
        line = frontier_of([pair.small, pair.large]).mixed_metric(middle.budget)
        verdict = "cascade" if line is not None and middle.accuracy > line else "mix"
        print(
            f"| {small_name}, {large_name} ({ratio:g}) | {mix:.4f} | {cascade:.4f} | "
            f"{stream:.4f} | {verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
