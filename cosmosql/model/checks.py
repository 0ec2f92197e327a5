"""What can be said of a program before any row is read: `CHECKS`, in order, all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import prod
from typing import cast

from cosmosql.contracts.retriever import RetrieverFactory
from cosmosql.data.template import TemplateError, parse_template
from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.egress import private_rows_leave
from cosmosql.model.fit import TRAINED, fits_context, fits_memory
from cosmosql.model.program import (
    Formula,
    Measure,
    Operation,
    Program,
    Query,
    Strategy,
    Task,
    strategies_of,
)
from cosmosql.model.report import suggestion
from cosmosql.model.strategies import MODELLESS, PLAIN
from cosmosql.schema import registry
from cosmosql.schema.measures import COSTS
from cosmosql.source import Span

LARGEST = 1_000
"""Candidates of one query: beyond it a sweep is taken for a slip of the pen."""

LABEL_METRICS = ("accuracy", "macro_f1")
"""Metrics over answers that compete; the others compare texts."""


def check(program: Program) -> tuple[Diagnostic, ...]:
    """Everything that the static checks find, in the order of `CHECKS`."""
    return tuple(finding for one in CHECKS for finding in one(program))


def _finding(
    code: str,
    title: str,
    span: Span,
    label: str,
    *others: Label,
    notes: tuple[str, ...] = (),
    help: str | None = None,
) -> Diagnostic:
    labels = (Label(span, label), *others)
    return Diagnostic(code=code, title=title, labels=labels, notes=notes, help=help)


def _candidates(program: Program) -> Iterator[Diagnostic]:
    """E0401 and E0402: something to compare, and not by the thousand."""
    for query in program.queries.values():
        strategies = strategies_of(program, query)
        if not query.strategies and not query.policies:
            yield _finding(
                "E0401",
                "no candidates",
                query.span,
                "this query compares nothing",
                help="name at least one strategy: `among strategy.*`",
            )
        sizes = {item.name: _size(item) for item in strategies}
        total = sum(sizes.values())
        if total > LARGEST:
            largest = max(strategies, key=_size)
            yield _finding(
                "E0402",
                "sweep too large",
                largest.span,
                f"expands to {sizes[largest.name]:,} candidates",
                Label(query.span, "they are compared here"),
                notes=(f"the query has {total:,} candidates; at most {LARGEST:,} are compared",),
                help="shorten a `sweep(…)` of this strategy",
            )


def _size(strategy: Strategy) -> int:
    sweeps = (len(values) for values in strategy.sweeps.values())
    return max(1, len(strategy.models)) * max(1, len(strategy.retrievers)) * prod(sweeps)


def _templates(program: Program) -> Iterator[Diagnostic]:
    """E0519: `input` and `instruction` are templates; E0411: the input hides the target."""
    for task in program.tasks.values():
        for name, text in (("input", task.input), ("instruction", task.instruction or "")):
            try:
                template = parse_template(text)
            except TemplateError as error:
                yield _finding(
                    "E0519",
                    "malformed template",
                    task.span,
                    f"`{name}`: {error}, at character {error.offset + 1}",
                    help="write `{column}`, and `{{` for a brace",
                )
                continue
            strangers = [column for column in template.columns if column != "labels"]
            if name == "instruction" and strangers:
                yield _finding(
                    "E0519",
                    "malformed template",
                    task.span,
                    f"`instruction` stands once above all rows, so `{{{strangers[0]}}}` has no row",
                    help=suggestion(strangers[0], ("labels",), "it knows `{labels}` alone"),
                )
            if name == "input" and not template.columns:
                yield _finding(
                    "E0519",
                    "malformed template",
                    task.span,
                    "`input` shows no column of the row",
                    help='name one: `input = "{text}"`',
                )
            if name == "input" and task.target in template.columns:
                yield _finding(
                    "E0411",
                    "the input shows the answer",
                    task.span,
                    f"`input` shows the target `{task.target}`",
                    notes=("a model that is shown the answer need not find it",),
                    help="leave the target out of `input`",
                )


def _metrics(program: Program) -> Iterator[Diagnostic]:
    """E0409: the metric fits the kind of task, and a query asks for that one."""
    known = registry.names("metric")
    for task in program.tasks.values():
        if task.metric in LABEL_METRICS and task.using not in ("classify", "choose"):
            yield _metric_misfit(task, "answers are open texts", "exact_match` or `token_f1")
        elif task.metric == "macro_f1" and task.using != "classify":
            yield _metric_misfit(task, "options differ from row to row", "accuracy")
    for query in program.queries.values():
        task_metric = program.tasks[query.task].metric if query.task in program.tasks else None
        if task_metric is None:
            continue
        for measure, span in _measures(query):
            if measure.name in known and measure.name != task_metric:
                yield _finding(
                    "E0409",
                    "metric does not fit the task",
                    span,
                    f"`{measure.name}` is not the metric of the task",
                    Label(program.tasks[query.task].span, f"its metric is `{task_metric}`"),
                    notes=("one metric is measured for each task",),
                    help=f"write `{task_metric}`, or set `metric = {measure.name}` in the task",
                )


def _metric_misfit(task: Task, reason: str, better: str) -> Diagnostic:
    return _finding(
        "E0409",
        "metric does not fit the task",
        task.span,
        f"`{task.metric}` does not fit `using {task.using}`: {reason}",
        help=f"write `metric = {better}`".replace("` or `", "` or `metric = "),
    )


def _measures(query: Query) -> Iterator[tuple[Measure, Span]]:
    """Every measure that the query names, with the place to point at."""
    for measure in measures_in(query.objective.formula):
        yield measure, query.span
    for requirement in query.requirements:
        for side in (requirement.left, requirement.right):
            for measure in measures_in(side):
                yield measure, requirement.span


def measures_in(formula: Formula) -> Iterator[Measure]:
    """The measures of a formula, left to right."""
    match formula:
        case Measure():
            yield formula
        case Operation(left=left, right=right):
            yield from measures_in(left)
            yield from measures_in(right)


def _foreign_measures(program: Program) -> Iterator[Diagnostic]:
    """E0410: a formula may name only single strategies that the query compares."""
    for query in program.queries.values():
        compared = {strategy.name for strategy in strategies_of(program, query)}
        for measure, span in _measures(query):
            if measure.strategy is None or measure.strategy not in program.strategies:
                continue
            strategy = program.strategies[measure.strategy]
            if measure.strategy not in compared:
                yield _finding(
                    "E0410",
                    "a measure of a strategy that is not compared",
                    span,
                    f"`{measure.strategy}` is not among the candidates",
                    Label(strategy.span, "it is declared here"),
                    help=f"add it: `among …, {measure.strategy}`",
                )
            elif _size(strategy) > 1:
                yield _finding(
                    "E0410",
                    "a measure of a strategy that is not compared",
                    span,
                    f"`{measure.strategy}` is {_size(strategy)} candidates, not one",
                    Label(strategy.span, "it is declared here"),
                    help="name a strategy without `sweep(…)`",
                )


def _prices(program: Program) -> Iterator[Diagnostic]:
    """E0407: where money is asked for or capped, everything that runs has a price."""
    for query in program.queries.values():
        asked = [measure.name for measure, _ in _measures(query) if measure.name in COSTS]
        if "money" in query.budget.probing:
            asked.append("the probing budget")
        if not asked:
            continue
        for strategy in strategies_of(program, query):
            hardware = program.hardware.get(strategy.hardware or "")
            if strategy.using == MODELLESS and strategy.hardware is None:
                continue
            if strategy.hardware is not None and (hardware is None or hardware.price is not None):
                continue
            if strategy.hardware is None and _served_elsewhere(program, strategy, asked):
                continue
            yield _finding(
                "E0407",
                "price missing",
                strategy.span,
                "it is not said where this runs"
                if hardware is None
                else f"`{hardware.name}` has no price",
                Label(query.span, f"this query asks about money: {asked[0]}"),
                notes=("an unknown price is never taken for zero",),
                help="import std.hardware and write `on = hw.l4`"
                if hardware is None
                else "declare one: `price = 1.20 USD/GPU-hour`, with `source` and `as_of`",
            )


def _recorded(program: Program) -> Iterator[Diagnostic]:
    """E0418: recorded answers are as they were given."""
    for strategy in program.strategies.values():
        models = (program.models.get(name) for name in strategy.models)
        model = next((one for one in models if one is not None and one.recorded), None)
        if model is None or (strategy.using == PLAIN and strategy.hardware is None):
            continue
        adapts = strategy.using != PLAIN
        yield _finding(
            "E0418",
            "recorded answers that cannot be had",
            strategy.span,
            f"`using {strategy.using}` would change what the model answers"
            if adapts
            else "this runs a model that answered already",
            Label(model.span, "its answers are recorded"),
            notes=("what was recorded is one answer to each row, given once and elsewhere",),
            help="write `using prompt`, or adapt a model that runs (`using hf`)"
            if adapts
            else "leave `on` out; what a request costs says the file (`cost_usd`) or `cost = …`",
        )


def _served_elsewhere(program: Program, strategy: Strategy, asked: list[str]) -> bool:
    """Whether endpoints' prices tell all the money that is asked about: that of requests to models
    as they are."""
    # Of a model that could not be read something else is said already.
    models = [program.models[name] for name in strategy.models if name in program.models]
    if strategy.models and all(model.recorded for model in models):
        return True  # they are paid for; what each cost may stand beside it
    told = [model.cost is not None or model.price is not None for model in models]
    priced = bool(strategy.models) and all(told)
    return priced and strategy.using not in TRAINED and set(asked) <= set(COSTS)


def _currencies(program: Program) -> Iterator[Diagnostic]:
    """E0301: one query is costed in one currency."""
    for query in program.queries.values():
        found: dict[str, tuple[str, Span]] = {}
        for strategy in strategies_of(program, query):
            hardware = program.hardware.get(strategy.hardware or "")
            if hardware is not None and hardware.price is not None:
                currency = hardware.price.dimension.currency
                if currency:
                    found.setdefault(currency, (hardware.name, strategy.span))
            for name in strategy.models:
                model = program.models.get(name)
                price = program.prices.get(model.price or "") if model else None
                if model is not None and model.cost is not None:
                    found.setdefault(
                        model.cost.dimension.currency or "", (model.name, strategy.span)
                    )
                if price is not None and price.input.dimension.currency:
                    currency = price.input.dimension.currency
                    found.setdefault(currency, (price.name, strategy.span))
        for policy in (program.policies.get(name) for name in query.policies):
            if policy and policy.defer is not None and policy.defer.dimension.currency:
                found.setdefault(policy.defer.dimension.currency, (policy.name, policy.span))
        budget = query.budget
        for meters in (budget.probing, budget.adaptation, budget.serving):
            for quantity in meters.values():
                currency = quantity.dimension.currency
                if currency:
                    found.setdefault(currency, (budget.name, budget.span))
        if len(found) > 1:
            first, second = list(found)[:2]
            yield _finding(
                "E0301",
                f"cannot compare {first} with {second}",
                found[second][1],
                f"`{found[second][0]}` is priced in {second}",
                Label(found[first][1], f"`{found[first][0]}` is priced in {first}"),
                notes=("no exchange rate is assumed",),
                help="declare all prices of a query in one currency",
            )


def _embeddings(program: Program) -> Iterator[Diagnostic]:
    """E0209: a retriever that compares embeddings takes them from the strategy's model."""
    for query in program.queries.values():
        for strategy in strategies_of(program, query):
            if strategy.models:
                continue
            for name in strategy.retrievers:
                retriever = program.retrievers.get(name)
                if retriever is None:
                    continue
                using = retriever.using
                factory = registry.load(registry.extension("retriever", using))
                if cast(RetrieverFactory, factory).needs_embedding:
                    yield _finding(
                        "E0209",
                        "an attribute is missing",
                        strategy.span,
                        f"`{name}` compares embeddings, and no `model` is named to make them",
                        Label(retriever.span, f"it is `using {using}`"),
                        help="write `model = …`, or name a retriever `using bm25`",
                    )


def _fit(program: Program) -> Iterator[Diagnostic]:
    """E0406: the weights fit the memory, the longest answer the context."""
    told: set[str] = set()
    for query in program.queries.values():
        for strategy in strategies_of(program, query):
            yield from fits_context(program, query, strategy)
            if strategy.name not in told:
                told.add(strategy.name)
                yield from fits_memory(program, strategy)


def _escalations(program: Program) -> Iterator[Diagnostic]:
    """E0408: a cascade's own rules are reachable, each stage named once."""
    for policy in program.policies.values():
        targets = Counter(item.target for item in policy.escalations)
        repeated = next((name for name, times in targets.items() if times > 1), None)
        if repeated is not None:
            yield _finding(
                "E0408",
                "a policy that cannot answer",
                policy.span,
                f"two rules escalate to `{repeated}`",
                help="keep one `escalate` for each stage",
            )


CHECKS: tuple[Callable[[Program], Iterator[Diagnostic]], ...] = (
    _candidates,
    _templates,
    _metrics,
    _foreign_measures,
    _prices,
    _recorded,
    _currencies,
    _embeddings,
    _fit,
    private_rows_leave,
    _escalations,
)
