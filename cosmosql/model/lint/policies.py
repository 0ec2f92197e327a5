"""W0417: policies that cost as much as what they stand on, whatever is measured."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import cast

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.checks import measures_in
from cosmosql.model.lint.warning import own_place, warning
from cosmosql.model.program import Policy, Program, Query, Strategy
from cosmosql.schema.measures import MEASURES

PROMPTED = ("prompt", "icl")
"""Strategies whose cost a request grows with the shots alone."""


def policies_that_cannot_pay(program: Program) -> Iterator[Diagnostic]:
    """W0417 for each policy of a query that no measurement can make worth its cost.

    A cascade, where each earlier tier prompts the same model on the same hardware with at least
    the shots of a later one: every request costs at least what the later tier takes alone. A mix,
    where the query asks for no cost: its metric lies between those of its two members, so the
    better of them alone is at least as good. With a person to defer to either may pay.
    """
    for query in program.queries.values():
        for name in query.policies:
            policy = program.policies[name]
            if policy.defer is not None:
                continue
            if policy.using == "cascade":
                yield from _cascade(program, query, policy)
            elif policy.using == "mix" and not _asks_cost(query):
                yield warning(
                    "W0417",
                    "a policy that can never pay",
                    own_place(policy, query).span,
                    "a mix saves cost, and the query neither limits nor minimizes any",
                    Label(query.span, "this asks for the metric alone"),
                    notes=("the metric of a mix lies between those of the two that it mixes",),
                    help="limit a cost: `require serve_cost <= …`; or leave the policy out",
                )


def _cascade(program: Program, query: Query, policy: Policy) -> Iterator[Diagnostic]:
    stages = [program.strategies[name] for name in policy.over]
    pairs = list(combinations(stages, 2))
    rules = {rule.target for rule in policy.escalations}
    if rules:
        pairs = [(first, later) for first, later in pairs if later.name in rules]
    if pairs and all(_no_cheaper(first, later) for first, later in pairs):
        first, later = pairs[0]
        yield warning(
            "W0417",
            "a policy that can never pay",
            own_place(policy, query).span,
            "no tier of this cascade is cheaper than a later one",
            Label(first.span, "asked first"),
            Label(later.span, "this costs no more, and is asked after it"),
            notes=("a cascade pays where a cheap tier spares calls of a dear one",),
            help="put the tier with fewer shots, or the smaller model, first",
        )


def _no_cheaper(first: Strategy, later: Strategy) -> bool:
    """True where every candidate of `first` certainly reads at least the prompt of every one of
    `later`, with the same model on the same hardware."""
    if first.using not in PROMPTED or later.using not in PROMPTED:
        return False
    if len(first.models) != 1 or first.models != later.models or first.hardware != later.hardware:
        return False
    most = max(_shots(later))
    if most == 0:
        return True
    # Of one retriever, more demonstrations are the same ones and others.
    same = len(first.retrievers) == 1 and first.retrievers == later.retrievers
    return same and min(_shots(first)) >= most


def _shots(strategy: Strategy) -> tuple[int, ...]:
    return cast("tuple[int, ...]", strategy.sweeps.get("shots", (0,)))


def _asks_cost(query: Query) -> bool:
    formulas = [query.objective.formula]
    formulas += [side for one in query.requirements for side in (one.left, one.right)]
    return any(measure.name in MEASURES for formula in formulas for measure in measures_in(formula))
