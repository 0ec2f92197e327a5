"""A candidate (one strategy, every sweep fixed) and a measurement of it, a request for evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosmosql.contracts.strategy import Fidelity
from cosmosql.model.program import OptionValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """COSMOS's triple (model, strategy, configuration). `name` is unique within a query:
    `strategy.tuned[rank=8,share=50%]`."""

    name: str
    strategy: str
    """The strategy's reference in the program."""
    kind: str
    """Its `using`: baseline, prompt, icl, lora, qlora."""
    task: str
    model: str | None
    retriever: str | None
    hardware: str | None
    config: Mapping[str, OptionValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A request: what is asked of whom at which fidelity on which rows.

    `candidate` is any candidate of the series: only its model, retriever and off-axis
    configuration matter, the fidelity says the rest. Two measurements with the same `asked`
    content (see `cosmosql.evidence.keys`) are one.
    """

    kind: str
    """profile, evaluate or proxy."""
    candidate: Candidate
    fidelity: Fidelity
    role: str
    """Role of the rows that are answered: validation while probing; test only in `apply` and
    `backtest`."""
    rows: int
    """So many rows of that role, in the role's fixed order."""
    basis: str
    """`full` where the fidelity is the candidate's own, else `reduced`."""
    start: int = 0
    """The place of the first of these rows: further blocks of rows are measured by themselves."""
