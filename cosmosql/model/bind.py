"""The path of a spec to its Program: modules, names, values, types."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Severity, Silenced
from cosmosql.identity import text_digest
from cosmosql.model.boundary import NOTHING, Boundary, Trusted
from cosmosql.model.checks import check
from cosmosql.model.declarations import DeclarationBinder
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flattener
from cosmosql.model.lint.lints import Spec, lint
from cosmosql.model.memory import Memory, standard_files
from cosmosql.model.modules import LoadedModule, Modules, load_modules
from cosmosql.model.names import Declaration, Named
from cosmosql.model.program import (
    Budget,
    Dataset,
    Declared,
    Hardware,
    Model,
    Module,
    Policy,
    Price,
    Probe,
    Program,
    Query,
    Retriever,
    Strategy,
    Task,
)
from cosmosql.model.queries import QueryBinder
from cosmosql.model.report import Report
from cosmosql.model.settings import Settings, read_settings
from cosmosql.model.silence import DATED_CODES, ROW_CODES, SILENCEABLE, Silencer
from cosmosql.model.values import canonical_text
from cosmosql.schema.kinds import KINDS
from cosmosql.syntax.tree import Block, Parameter

Bound = TypeVar("Bound", bound=Declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A spec's files, and as much of its program as could be bound."""

    modules: Modules
    program: Program
    diagnostics: tuple[Diagnostic, ...]
    """Everything that is wrong, in the order of the text; where nothing is, what is unwise."""
    silencer: Silencer
    silenced: tuple[Silenced, ...] = ()

    @property
    def failed(self) -> bool:
        """True where the program lacks what a mistake has cost it."""
        return any(item.severity is Severity.ERROR for item in self.diagnostics)


def analyse(
    path: Path,
    *,
    settings: Settings | None = None,
    texts: Mapping[Path, str] | None = None,
    trusted: Trusted = NOTHING,
    today: datetime.date | None = None,
    memory: Memory | None = None,
) -> Analysis:
    """The files and the program of a spec, the static checks and lints made. Raises InputError
    where the spec itself cannot be read.

    `settings` are the values of `--params` and `--set`; `texts` stand in for what resolved paths
    hold (an editor's buffers); `memory` keeps what the next analysis can use. Reads the spec's own
    directory tree, the standard library and `trusted` trees, nothing else. `today` is the day as
    of which ages are told; None: they are not.
    """
    report = Report()
    boundary = Boundary.around(path, trusted)
    modules = load_modules(path, report, texts=texts, trusted=trusted, cache=memory)
    known = standard_files(modules, boundary, texts or ()) if memory else frozenset[Path]()
    program = _program(modules, settings or {}, report, boundary, memory or Memory(), known)
    silencer = Silencer(modules)
    if report.failed:
        report.extend(check(program))
        found = _without_echoes(report.diagnostics, modules)
        return Analysis(modules=modules, program=program, diagnostics=found, silencer=silencer)
    found = check(program)
    if found:
        return Analysis(modules=modules, program=program, diagnostics=found, silencer=silencer)
    told, silenced = silencer.split(lint(Spec(program, modules, today)))
    judged = SILENCEABLE - ROW_CODES - (DATED_CODES if today is None else frozenset())
    return Analysis(
        modules=modules,
        program=program,
        diagnostics=(*told, *silencer.unreasoned(), *silencer.idle(judged)),
        silencer=silencer,
        silenced=silenced,
    )


def bind(
    path: Path,
    *,
    settings: Settings | None = None,
    texts: Mapping[Path, str] | None = None,
    trusted: Trusted = NOTHING,
) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The program of a spec and nothing else, or None and what is wrong in it."""
    try:
        analysis = analyse(path, settings=settings, texts=texts, trusted=trusted)
    except InputError as error:
        return None, error.diagnostics
    return (None, analysis.diagnostics) if analysis.failed else (analysis.program, ())


def _program(
    modules: Modules,
    settings: Settings,
    report: Report,
    boundary: Boundary,
    memory: Memory,
    known: frozenset[Path],
) -> Program:
    """What can be bound; declarations with mistakes are left out after reporting them. `memory` is
    asked for those of the files that are `known`."""
    flattener = Flattener(report)
    evaluator = Evaluator(report, flattener, read_settings(settings, modules, report))
    parameters = _parameters(modules, evaluator)
    binder = DeclarationBinder(evaluator, boundary)

    def every(kind: str, one: Callable[[Declaration], Bound | None]) -> dict[str, Bound]:
        bound = (
            memory.bind(found, one, report) if found.module.path in known else one(found)
            for found in _declarations(modules.all, kind)
        )
        return {item.name: item for item in bound if item is not None}

    datasets: dict[str, Dataset] = every("dataset", binder.dataset)
    tasks: dict[str, Task] = every("task", binder.task)
    models: dict[str, Model] = every("model", binder.model)
    retrievers: dict[str, Retriever] = every("retriever", binder.retriever)
    hardware: dict[str, Hardware] = every("hardware", binder.hardware)
    prices: dict[str, Price] = every("price", binder.price)
    strategies: dict[str, Strategy] = every("strategy", binder.strategy)
    policies: dict[str, Policy] = every("policy", binder.policy)
    probes: dict[str, Probe] = every("probe", binder.probe)
    budgets: dict[str, Budget] = every("budget", binder.budget)
    partial = Program(
        path=modules.spec.path,
        sha256=text_digest(modules.spec.tree.source.text),
        modules=tuple(
            Module(path=module.shown, sha256=text_digest(module.tree.source.text))
            for module in sorted(modules.imported, key=lambda module: module.shown)
        ),
        parameters=parameters,
        datasets=datasets,
        tasks=tasks,
        models=models,
        retrievers=retrievers,
        hardware=hardware,
        prices=prices,
        strategies=strategies,
        policies=policies,
        probes=probes,
        budgets=budgets,
        queries={},
    )
    asked = QueryBinder(evaluator, partial, modules.probes)
    # Only the spec's own queries are asked: those of an imported file belong to that file.
    queries = (asked.query(found) for found in _declarations((modules.spec,), "query"))
    bound_queries: dict[str, Query] = {item.name: item for item in queries if item is not None}
    for template in _templates(modules.all):
        if template.kind == "query":
            asked.query(template)
        else:
            binder.template(template)
    return replace(partial, queries=bound_queries)


def _declarations(modules: tuple[LoadedModule, ...], kind: str) -> list[Declaration]:
    return [
        Declaration(module, block)
        for module in modules
        for (owner, _), block in module.blocks.items()
        if owner == kind and not block.template
    ]


def _templates(modules: tuple[LoadedModule, ...]) -> list[Declaration]:
    return [
        Declaration(module, block)
        for module in modules
        for block in module.blocks.values()
        if block.template
    ]


def _parameters(modules: Modules, evaluator: Evaluator) -> dict[str, str]:
    """Every constant is evaluated, used or not; the parameters are returned as texts."""
    texts: dict[str, str] = {}
    for module in modules.all:
        for name, node in module.constants.items():
            value = evaluator.constant(Named(module, node))
            if value is not None and isinstance(node, Parameter):
                texts[module.qualified(name)] = canonical_text(value.content)
    return dict(sorted(texts.items()))


def _without_echoes(
    diagnostics: tuple[Diagnostic, ...], modules: Modules
) -> tuple[Diagnostic, ...]:
    """Without unknown names and empty queries whose declarations only a syntax error or a kind
    that there is not has cost."""
    damaged: set[str] = set()
    for module in modules.all:
        for node in module.tree.declarations:
            if isinstance(node, Block) and node.kind.text not in KINDS:
                damaged.add(node.name.text)
        if module.damaged:
            text, end = module.tree.source.text, 0
            for node in module.tree.declarations:
                damaged.update(re.findall(r"\w+", text[end : node.span.start]))
                end = node.span.end
            damaged.update(re.findall(r"\w+", text[end:]))

    def echo(item: Diagnostic) -> bool:
        if item.code == "E0401":
            return bool(damaged)
        return item.code == "E0201" and item.labels[0].span.text in damaged

    return tuple(item for item in diagnostics if not echo(item))
