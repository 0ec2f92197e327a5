"""Who answers a query: `policy … using mix|cascade|route|cascade_route`.

A policy is fitted on rows whose outcomes are known. It then says of any rows, at any mean budget a
query, which tiers are asked and which one answers. It knows nothing of candidates, ledgers or
forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cosmosql.identity import Json

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A row before anything answered it: its identity, its rendered input and the options that
    compete (empty where answers are open)."""

    row: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What may be known of some rows when the decision falls, outcomes left out.

    `signals`: per tier, each uncertainty signal of its answers by name, shape (rows,), NaN where
    absent; a policy may look at a tier's signals only on rows for which it asks that tier.
    `costs`: mean money a request of each tier, shape (tiers,), rising.
    """

    questions: tuple[Question, ...] = field(repr=False)
    signals: tuple[Mapping[str, Array], ...] = field(repr=False)
    costs: Array

    @property
    def rows(self) -> int:
        return len(self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Rows with their outcomes: `scores` of each tier's answer, shape (tiers, rows), in [0, 1];
    fractions are expectations, of members that were only probed."""

    seen: Seen
    scores: Array = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Ways to serve rows, one a budget, as probabilities of shape (ways, tiers, rows): that a tier
    is `asked`, and that it is the one whose answer is given (`answers` sums to one over tiers)."""

    asked: Array = field(repr=False)
    answers: Array = field(repr=False)


class Rule(Protocol):
    """A fitted policy at one budget, as it serves. Deterministic: what is drawn at random depends
    on the row's identity alone."""

    def first(self, question: Question) -> int:
        """The tier to ask first."""
        ...

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        """The tier to ask next after one has answered, or that tier: its answer is given."""
        ...

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        """The figures, by name, that the decision after a tier's answer rests on; with None those
        of the first decision. Finite numbers, for people to read."""
        ...

    def state(self) -> Mapping[str, Json]:
        """What `Policy.load` makes it again from; holds no row's text."""
        ...


class Fitted(Protocol):
    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        """How rows are served at each mean budget a query (money, from the cheapest tier's cost to
        the dearest's). What is spent in expectation on rows like the fitted ones is at most the
        budget; of `seen` no outcome is looked at."""
        ...

    def rule(self, budget: float) -> Rule: ...


class Policy(Protocol):
    """The implementation behind one `using` name."""

    sees: frozenset[str]
    """What it decides by: `question`, `signals`; empty for a draw of lots."""

    def fit(self, known: Known, options: Mapping[str, object], *, seed: int) -> Fitted: ...

    def load(self, state: Mapping[str, Json]) -> Rule: ...
