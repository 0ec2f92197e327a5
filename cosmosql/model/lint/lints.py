"""All lints, in order: those that read the program alone, and those that also read rows."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.data.rows import LoadedDataset
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.lint.extrapolation import far_extrapolation
from cosmosql.model.lint.policies import policies_that_cannot_pay
from cosmosql.model.lint.prices import old_prices
from cosmosql.model.lint.promises import too_few_to_promise
from cosmosql.model.lint.revisions import moving_revisions
from cosmosql.model.lint.split import split_too_small
from cosmosql.model.lint.usage import unused
from cosmosql.model.modules import Modules
from cosmosql.model.program import Program, Query


@dataclass(frozen=True, slots=True)
class Spec:
    """A program without errors, the files that it came from, and the day it is read."""

    program: Program
    modules: Modules
    today: datetime.date | None
    """None: nothing is said of ages."""


Lint: TypeAlias = Callable[[Spec], Iterator[Diagnostic]]
RowLint: TypeAlias = Callable[[Program, Query, Mapping[str, LoadedDataset]], Iterator[Diagnostic]]


def lint(spec: Spec) -> tuple[Diagnostic, ...]:
    """Everything unwise that needs no row, in the order of `LINTS`."""
    return tuple(finding for one in LINTS for finding in one(spec))


def _old_prices(spec: Spec) -> Iterator[Diagnostic]:
    if spec.today is not None:
        yield from old_prices(spec.program, spec.today)


LINTS: tuple[Lint, ...] = (
    lambda spec: unused(spec.modules.spec),
    lambda spec: moving_revisions(spec.program),
    lambda spec: policies_that_cannot_pay(spec.program),
    _old_prices,
)

ROW_LINTS: tuple[RowLint, ...] = (split_too_small, far_extrapolation, too_few_to_promise)
