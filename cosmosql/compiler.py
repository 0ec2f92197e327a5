"""The front half of the line: a spec's path to its plan graph. Light: nothing here imports what
measuring, forecasting or drawing needs, so `check` and `graph` start at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cosmosql.data.rows import LoadedDataset
from cosmosql.diagnostics.diagnostic import Diagnostic, Findings, InputError
from cosmosql.diagnostics.suggest import closest
from cosmosql.model import rows
from cosmosql.model.bind import analyse
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.lint import lints
from cosmosql.model.program import Program, Query
from cosmosql.model.settings import Settings
from cosmosql.model.silence import ROW_CODES
from cosmosql.plan.budget import COUNTED, caps

if TYPE_CHECKING:
    from cosmosql.data.looked import Looks
    from cosmosql.plan.graph import PlanGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A spec without errors, one of its queries, and the rows that it reads."""

    program: Program
    query: Query
    data: Mapping[str, LoadedDataset] = field(repr=False)
    graph: PlanGraph = field(repr=False)
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def root(self) -> Path:
        """The spec's directory: plan, evidence and ledger stand beside the spec."""
        return self.program.path.parent

    @property
    def name(self) -> str:
        """`NAME` of `NAME.plan.json`: the spec's stem, with the query's name where it asks
        several."""
        stem = self.program.path.stem
        return stem if len(self.program.queries) == 1 else f"{stem}.{short(self.query.name)}"

    def path(self, suffix: str) -> Path:
        return self.root / f"{self.name}.{suffix}"


def check(
    path: Path,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    *,
    today: datetime.date | None = None,
) -> tuple[Diagnostic, ...]:
    """Everything that is wrong or unwise in a spec and in the rows that it reads."""
    return examine(path, settings=settings, trusted=trusted, today=today).told


def examine(
    path: Path,
    *,
    settings: Settings | None = None,
    texts: Mapping[Path, str] | None = None,
    trusted: Trusted = NOTHING,
    today: datetime.date | None = None,
    looks: Looks | None = None,
) -> Findings:
    """What is wrong or unwise in a spec and in the rows that it reads, and what of it the spec
    silences. `texts` stand in for what resolved paths hold; ages are told as of `today`; `looks`
    remember which rows need not be looked at again."""
    try:
        analysis = analyse(path, settings=settings, texts=texts, trusted=trusted, today=today)
    except InputError as error:
        return Findings(error.diagnostics)
    if analysis.failed:
        return Findings(analysis.diagnostics)
    program, silencer = analysis.program, analysis.silencer
    look = None
    if looks is not None:
        from cosmosql.data.looked import look_name
        from cosmosql.model.recordings import recorded_files

        look = look_name(program, rows.datasets_looked_at(program), recorded_files(program))
    if looks and look and looks.found_nothing(look):
        return Findings((*analysis.diagnostics, *silencer.idle(ROW_CODES)), analysis.silenced)
    wrong, loaded = rows.examine_data(program)
    unwise = (
        item
        for name, data in loaded.items()
        for item in _lint(program, program.queries[name], data)
    )
    told, silenced = silencer.split(dict.fromkeys(unwise))
    # Rows that were not looked at leave open what they would have shown.
    judged = ROW_CODES if len(loaded) == len(program.queries) else frozenset[str]()
    if looks and look and judged and not wrong and not told and not silenced:
        looks.remember(look)
    return Findings(
        (*analysis.diagnostics, *wrong, *told, *silencer.idle(judged)),
        (*analysis.silenced, *silenced),
    )


def compile_spec(
    path: Path,
    *,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    today: datetime.date | None = None,
) -> Compiled:
    """The program, its rows and the plan graph of one query. Raises InputError with every
    finding where the spec or the rows are wrong."""
    analysis = analyse(path, settings=settings, trusted=trusted, today=today)
    if analysis.failed:
        raise InputError(analysis.diagnostics)
    from cosmosql.plan.build import build

    program = analysis.program
    chosen = select_query(program, query)
    data = rows.load_data(program, chosen)
    told, _ = analysis.silencer.split(_lint(program, chosen, data))
    return Compiled(
        program=program,
        query=chosen,
        data=data,
        graph=build(program, chosen, data),
        warnings=(*analysis.diagnostics, *told),
    )


def _lint(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> Iterator[Diagnostic]:
    for one in lints.ROW_LINTS:
        yield from one(program, query, data)
    if not COUNTED.isdisjoint(caps(query.budget).amounts):
        from cosmosql.plan.reach import unreachable_sweeps

        yield from unreachable_sweeps(program, query, data)


def select_query(program: Program, name: str | None) -> Query:
    """The query of that name, or the spec's only one. Raises InputError E0412 or E0413."""
    own = {short(reference): query for reference, query in program.queries.items()}
    if name is not None and name in own:
        return own[name]
    if name is None and len(own) == 1:
        return next(iter(own.values()))
    listed = ", ".join(own) or "none"
    if name is None:
        diagnostic = Diagnostic(
            code="E0413",
            title="which query is meant is not said" if own else "the spec asks no query",
            notes=(f"its queries: {listed}",),
            help=f"add `--query {next(iter(own))}`" if own else "add a `query NAME { … }`",
        )
    else:
        guess = closest(name, own)
        diagnostic = Diagnostic(
            code="E0412",
            title="no query of that name",
            notes=(f"its queries: {listed}",),
            help=f"did you mean `--query {guess}`?" if guess else None,
        )
    raise InputError([diagnostic])


def short(reference: str) -> str:
    """A query's name without its kind."""
    return reference.removeprefix("query.")
