"""Probes that decide only together."""

from __future__ import annotations

import numpy as np
import pytest

from cosmosql.decide.bundles import next_of_bundles
from cosmosql.decide.value import Prospect, contenders, next_probe

DRAWS = 4000


@pytest.fixture(scope="module")
def parts() -> np.ndarray:
    """Three fair coins of -1 and 1, shape (3, draws)."""
    return np.random.default_rng(0).choice([-1.0, 1.0], size=(3, DRAWS))


@pytest.fixture(scope="module")
def utility(parts: np.ndarray) -> np.ndarray:
    """A known option, and one that is better by a half if two coins show 1 and worse else: one coin
    alone never makes it the choice."""
    return contenders(np.array([np.zeros(DRAWS), parts[0] + parts[1] - 1.5]))


def prospects(parts: np.ndarray, costs: tuple[float, ...]) -> dict[str, Prospect]:
    return {
        name: Prospect(outcome=outcome, cost=cost)
        for name, outcome, cost in zip("abc", parts, costs, strict=True)
    }


def test_two_probes_that_decide_only_together(parts: np.ndarray, utility: np.ndarray) -> None:
    open = prospects(parts, (2.0, 1.0, 0.1))
    assert next_probe(utility, open.items()) is None
    picked = next_of_bundles(utility, open, [("a", "b")])
    assert picked is not None
    assert picked.gain.value == pytest.approx(0.5 / 4, abs=3 * picked.gain.error)
    assert (picked.name, picked.cost) == ("b", 1.0), "either tells the same, one costs less"
    after = utility[:, parts[1] > 0]
    rest = {"a": Prospect(outcome=parts[0, parts[1] > 0], cost=2.0)}
    assert next_probe(contenders(after), rest.items()) is not None, "then the other decides alone"


def test_a_member_that_says_nothing_of_the_gain_is_not_taken(
    parts: np.ndarray, utility: np.ndarray
) -> None:
    picked = next_of_bundles(utility, prospects(parts, (2.0, 1.0, 0.1)), [("a", "b", "c")])
    assert picked is not None
    assert picked.name == "b"


def test_the_bundle_with_the_largest_worth_per_cost(parts: np.ndarray, utility: np.ndarray) -> None:
    open = {
        **prospects(parts, (1.0, 1.0, 9.0)),
        "dear": Prospect(outcome=parts[0], cost=0.5),
        "dearer": Prospect(outcome=parts[1], cost=5.0),
    }
    picked = next_of_bundles(utility, open, [("dear", "dearer"), ("a", "b", "c"), ("a", "b")])
    assert picked is not None
    assert picked.name in "ab"


def test_bundles_that_cannot_change_the_choice_are_worth_nothing(
    parts: np.ndarray, utility: np.ndarray
) -> None:
    open = prospects(parts, (1.0, 1.0, 1.0))
    assert next_of_bundles(utility, open, [("b", "c"), ("a", "c")]) is None
    assert next_of_bundles(utility, open, []) is None
    assert next_of_bundles(contenders(utility - [[0.0], [2.0]]), open, [("a", "b")]) is None


def test_noise_is_worth_nothing_however_much_of_it() -> None:
    rng = np.random.default_rng(1)
    utility = contenders(0.8 + 0.03 * rng.standard_normal((20, 500)))
    found = [
        next_of_bundles(
            utility,
            {str(i): Prospect(outcome=rng.standard_normal(500), cost=1.0) for i in range(15)},
            [tuple(map(str, range(15)))],
        )
        for _ in range(20)
    ]
    assert sum(one is not None for one in found) <= 2
