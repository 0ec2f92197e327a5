"""A query's strategies, every sweep fixed: the candidates, in the order written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product

from cosmosql.model.program import OptionValue, Program, Query, Strategy, strategies_of
from cosmosql.plan.candidate import Candidate
from cosmosql.schema import registry
from cosmosql.schema.fields import FieldType


def expand(program: Program, query: Query) -> tuple[Candidate, ...]:
    """Every candidate of the query's strategies and of those that its policies stand on.

    A sweep varies from its first value to its last; the first sweep of a strategy's schema varies
    slowest. That there is one, and not too many, was checked of the program.
    """
    return tuple(
        candidate
        for strategy in strategies_of(program, query)
        for candidate in _candidates(strategy, query.task)
    )


def axes(strategy: Strategy) -> Mapping[str, tuple[OptionValue | None, ...]]:
    """The values of everything that can vary, swept or not: `model`, `retriever`, the options."""
    return {
        "model": strategy.models or (None,),
        "retriever": strategy.retrievers or (None,),
        **strategy.sweeps,
    }


def _candidates(strategy: Strategy, task: str) -> Iterator[Candidate]:
    values = axes(strategy)
    fixed = {name: choices[0] for name, choices in values.items()}
    for combination in product(*(values[name] for name in strategy.swept)):
        swept = dict(zip(strategy.swept, combination, strict=True))
        chosen = fixed | swept
        yield Candidate(
            name=candidate_name(strategy, swept),
            strategy=strategy.name,
            kind=strategy.using,
            task=task,
            model=_reference(chosen["model"]),
            retriever=_reference(chosen["retriever"]),
            hardware=strategy.hardware,
            config={name: _option(chosen[name]) for name in strategy.sweeps},
        )


def _reference(value: OptionValue | None) -> str | None:
    return None if value is None else str(value)


def _option(value: OptionValue | None) -> OptionValue:
    if value is None:
        raise ValueError("an option without a value has no place in a sweep")
    return value


def candidate_name(strategy: Strategy, swept: Mapping[str, OptionValue | None]) -> str:
    """`strategy.tuned[rank=8,share=50%]`; without sweeps the strategy's reference alone."""
    if not swept:
        return strategy.name
    shown = (f"{name}={_shown(strategy, name, value)}" for name, value in swept.items())
    return f"{strategy.name}[{','.join(shown)}]"


def _shown(strategy: Strategy, name: str, value: OptionValue | None) -> str:
    match value:
        case str() if name in ("model", "retriever"):
            return _short(value, strategy.models if name == "model" else strategy.retrievers)
        case bool():
            return "true" if value else "false"
        case float() if name in _ratios(strategy.using):
            return f"{_plain(Decimal(str(value)) * 100)}%"
        case float():
            return _plain(Decimal(str(value)))
        case tuple():
            return "+".join(_shown(strategy, name, item) for item in value)
        case _:
            return str(value)


def _short(reference: str, siblings: tuple[str, ...]) -> str:
    """The last word of a reference, or all of it where another of the sweep ends alike."""
    last = reference.rpartition(".")[2]
    alike = [other for other in siblings if other.rpartition(".")[2] == last]
    return last if len(alike) == 1 else reference


def _ratios(using: str) -> frozenset[str]:
    options = registry.extension("strategy", using).options
    return frozenset(option.name for option in options if option.type is FieldType.RATIO)


def _plain(number: Decimal) -> str:
    """Digits without exponent or trailing zeros.

    >>> _plain(Decimal("50.00")), _plain(Decimal("0.0050")), _plain(Decimal("100"))
    ('50', '0.005', '100')
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
