"""The resolved spec: what the rest of the compiler reads. Immutable, typed, names resolved.

A *reference* below is a declaration's full name within the program, such as `strategy.rag` for a
declaration of the spec itself and `models.model.qwen2_5_0_5b` or `base.strategy.rag` for one of an
imported module (its alias first). The mappings of `Program` are keyed by these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from cosmosql.source import Span
from cosmosql.units import Quantity

Scalar: TypeAlias = bool | int | float | str
"""Option values as plain data: counts are int, ratios float (25% is 0.25), texts str."""

OptionValue: TypeAlias = Scalar | tuple[Scalar, ...]
Options: TypeAlias = Mapping[str, OptionValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What every declaration has. `name` is its reference; `span` is that of its name."""

    name: str
    doc: str | None
    span: Span
    places: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """Where attributes and sections are written, by name, of what rows are looked at for."""

    def place(self, attribute: str) -> Span:
        """Where an attribute is written; the declaration's name where it is not."""
        return self.places.get(attribute, self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """How rows are assigned to roles: an amount each (`int` rows or `float` share), or a column
    that says it; what is not named takes the language's default shares."""

    column: str | None
    amounts: Mapping[str, int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Declared):
    using: str
    options: Options
    """The source's own options: `source`, `split`, `revision`, …, checked against its schema."""
    roles: Roles
    group: str | None
    identifier: str | None
    """Column that holds a row's id; None: rows are named by their content."""
    stays_local: bool
    root: Path
    """Directory of the file that declares it: relative paths start here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Declared):
    using: str
    """classify, choose, generate or extract."""
    dataset: str
    input: str
    target: str
    choices: str | None
    labels: tuple[str, ...]
    """Declared labels; empty: found in the train rows."""
    metric: str
    instruction: str | None
    separator: str
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Declared):
    using: str
    options: Options
    root: Path
    local: bool
    """True where rows sent to it stay on this machine."""
    facts: Options = field(default_factory=dict)
    """What is known about it without looking (`parameters`, `licence`): part of no key."""
    price: str | None = None
    """Reference of what an endpoint charges that serves it."""
    recorded: bool = False
    """True where it answered already: nothing is loaded, sent or paid for its answers."""
    cost: Quantity | None = None
    """Money a request, as declared; None: as measured or recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever(Declared):
    using: str
    options: Options
    corpus: str
    """A dataset's reference; its train rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware(Declared):
    """Where a strategy runs. Without `peak_flops` it is the machine at hand, as measured."""

    memory: Quantity | None
    bandwidth: Quantity | None
    peak_flops: float | None
    utilisation: float
    """Share of the paid time in which requests are really served."""
    price: Quantity | None
    """Money per accelerator time; None: no price is known, so nothing can be costed."""
    price_source: str | None
    price_as_of: str | None
    """ISO date."""
    price_assumed: bool = False
    """True where nobody lists the price: it is the author's assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Declared):
    """Endpoint prices: money a token, as declared."""

    input: Quantity
    output: Quantity
    cached_input: Quantity | None
    cache_from: int
    """Tokens that prompts must have in common before their beginning is cached."""
    batch_discount: float | None
    """Share taken off requests that may wait; None: not known."""
    source: str
    as_of: str | None
    """ISO date; None only where the price is assumed."""
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(Declared):
    using: str
    models: tuple[str, ...]
    """One reference a sweep value; empty for `baseline`."""
    retrievers: tuple[str, ...]
    """One reference a sweep value; empty: none is needed or demonstrations are random."""
    hardware: str | None
    sweeps: Mapping[str, tuple[OptionValue, ...]]
    """Every option of the strategy's schema, defaults filled in, in schema order: one value, or
    the values of its sweep in the order written."""
    swept: tuple[str, ...]
    """The names written as `sweep(…)`, `model` and `retriever` among them, in schema order: they
    make a candidate's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A hand-written rule of a cascade: to `target` when `signal < threshold`."""

    target: str
    signal: str
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Declared):
    using: str
    """single, auto or the name of a policy extension: mix, cascade, route, cascade_route."""
    over: tuple[str, ...]
    """Strategy references, in the order written (for a cascade the stages, first tier first)."""
    signal: str
    escalations: tuple[Escalation, ...]
    options: Options
    """Those of the extension, checked against its schema."""
    defer: Quantity | None = None
    """Money that a person takes for an answer, the last tier; None: there is no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Declared):
    sizes: tuple[int, ...]
    """Train rows of the short fine-tuning runs."""
    shots: tuple[int, ...]
    """Shots that are measured; larger ones are forecast."""
    steps: tuple[int, ...]
    """Optimiser steps of extra short runs on the whole pool; may be empty."""
    rows: int
    """Validation rows on which candidates are compared."""
    seeds: tuple[int, ...]
    order: str = "adaptive"
    """adaptive: one after the other, for as long as they are worth it; complete: all of them."""
    most_rows: int | None = None
    """Validation rows at most, where further blocks of `rows` are worth it; None: no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Declared):
    """Limits by meter (`money`, `wall`, `accelerator`, `tokens`, `requests`, `labels`)."""

    probing: Mapping[str, Quantity]
    adaptation: Mapping[str, Quantity]
    serving: Mapping[str, Quantity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measured or forecast quantity of a candidate by its name: a metric, `serve_cost`,
    `adapt_cost`, `latency`, … With `strategy` it is that strategy's, not the candidate's."""

    name: str
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    operator: str
    left: Formula
    right: Formula


Formula: TypeAlias = Measure | Literal | Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`left comparison right` at a one-sided confidence; `text` is the source text."""

    left: Formula
    comparison: str
    """One of `< <= > >=`."""
    right: Formula
    confidence: Decimal
    text: str
    span: Span
    stated: bool = False
    """Whether the confidence is written out: of a policy's metric it is then tested, on calibration
    rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    direction: str
    """maximize or minimize."""
    formula: Formula
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Declared):
    task: str
    strategies: tuple[str, ...]
    policies: tuple[str, ...]
    probe: str
    budget: Budget
    """The declared one, or an anonymous one for `within 3 USD`."""
    objective: Objective
    requirements: tuple[Requirement, ...]
    """The spec's own, then one for each adaptation and serving meter of the budget."""
    tolerance: Decimal
    """Of `decide within 1 pp`: 0.01."""
    confidence: Decimal
    decided: Span | None = None
    """Where `decide` is written; None: both are the defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file of the spec: its path relative to the spec's directory, or `std.models`."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    path: Path
    sha256: str
    modules: tuple[Module, ...]
    """Imported files, in order of their paths."""
    parameters: Mapping[str, str]
    """Values of `param` as canonical text, after `--set`."""
    datasets: Mapping[str, Dataset]
    tasks: Mapping[str, Task]
    models: Mapping[str, Model]
    retrievers: Mapping[str, Retriever]
    hardware: Mapping[str, Hardware]
    prices: Mapping[str, Price]
    strategies: Mapping[str, Strategy]
    policies: Mapping[str, Policy]
    probes: Mapping[str, Probe]
    budgets: Mapping[str, Budget]
    queries: Mapping[str, Query]

    def runs(self, model: str | None) -> bool:
        """Whether a model is loaded, timed and paid when it is asked: not where there is none, nor
        where its answers are recorded."""
        return model is not None and not self.models[model].recorded


def strategies_of(program: Program, query: Query) -> tuple[Strategy, ...]:
    """The query's strategies and those of its policies, each once, in the order written."""
    policies = (program.policies[name] for name in query.policies if name in program.policies)
    names = (*query.strategies, *(name for policy in policies for name in policy.over))
    return tuple(
        program.strategies[name] for name in dict.fromkeys(names) if name in program.strategies
    )
