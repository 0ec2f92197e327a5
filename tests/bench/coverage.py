"""Coverage of 90 % intervals of learning curves on simulated worlds.

    python tests/bench/coverage.py [--worlds 200]

draws worlds from the engine's own prior and from foreign curves, as tests/predict/test_curves.py
does with fewer, and prints the share of measured accuracies that fell into their intervals.
"""

from __future__ import annotations

import argparse
import runpy
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    worlds = parser.parse_args().worlds
    path = Path(__file__).parent.parent / "predict" / "test_curves.py"
    test = runpy.run_path(str(path))
    print("| curve | own prior | foreign |")
    print("|---|---|---|")
    for kind in sorted(test["SIZES"]):
        shares = []
        for world in (test["own_world"], test["foreign_world"]):
            rng = np.random.default_rng(23)
            hits = sum(test["covered"](kind, world(kind, rng), rng) for _ in range(worlds))
            shares.append(f"{hits / (2 * worlds):.3f}")
        print(f"| {kind} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
