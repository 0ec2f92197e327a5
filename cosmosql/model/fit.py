"""E0406: what cannot fit, whatever is measured: weights in memory, an answer in a context."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import cast

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.footprint import memory_needed
from cosmosql.model.program import Hardware, Model, Program, Query, Strategy, Task
from cosmosql.source import Span
from cosmosql.units import Quantity, number_text

FOUR_BIT = ("qlora",)
"""Strategies that need the weights in 4 bits only."""

TRAINED = ("lora", "qlora")
"""Strategies that train an adapter."""

WRITTEN = ("generate", "extract")
"""Tasks whose answers are written out, up to `max_tokens`; the others are chosen from a list."""


def fits_memory(program: Program, strategy: Strategy) -> Iterator[Diagnostic]:
    """E0406 for each model of a strategy whose weights alone exceed one accelerator's memory.

    A lower bound: activations, caches and optimiser states come on top.
    """
    hardware = program.hardware.get(strategy.hardware or "")
    if hardware is None or hardware.memory is None:
        return
    for name in strategy.models:
        model = program.models.get(name)
        parameters = None if model is None else model.facts.get("parameters")
        if model is None or not isinstance(parameters, int):
            continue
        size = bytes_per_parameter(model, strategy)
        if memory_needed(parameters, size) > Fraction(hardware.memory.base):
            yield _finding(
                strategy.span,
                f"`{model.name}` does not fit in the memory of `{hardware.name}`",
                Label(model.span, f"it has {parameters:_} parameters"),
                Label(hardware.span, f"it has {hardware.memory}"),
                note=_arithmetic(parameters, size, hardware),
                help="choose hardware with more memory, a smaller model, or `using qlora`"
                if strategy.using == "lora"
                else "choose hardware with more memory, or a smaller model",
            )


def bytes_per_parameter(model: Model, strategy: Strategy) -> Fraction:
    """What one weight takes at least: 16 bits unless the model demands 32 or the strategy 4."""
    if strategy.using in FOUR_BIT:
        return Fraction(1, 2)
    return Fraction(4 if model.options.get("dtype") == "float32" else 2)


def _arithmetic(parameters: int, size: Fraction, hardware: Hardware) -> str:
    unit = cast(Quantity, hardware.memory).unit
    exact = float(memory_needed(parameters, size) / Fraction(Quantity.of(1, unit).base))
    needed = number_text(Decimal(f"{exact:.2f}"))
    bits = f"{float(size):g} byte{'' if size == 1 else 's'}"
    return f"{parameters:_} parameters × {bits} = {needed} {unit}, for the weights alone"


def fits_context(program: Program, query: Query, strategy: Strategy) -> Iterator[Diagnostic]:
    """E0406 for each model of a strategy whose context has no room for the longest answer and
    one token of a prompt."""
    task = program.tasks.get(query.task)
    if task is None or task.using not in WRITTEN:
        return
    for name in strategy.models:
        model = program.models.get(name)
        context = None if model is None else model.options.get("context")
        if model is not None and isinstance(context, int) and task.max_tokens + 1 > context:
            yield _finding(
                task.span,
                "its longest answer leaves no room for a prompt",
                Label(model.span, f"prompt and answer are at most {context:_} tokens here"),
                Label(strategy.span, "this asks the model"),
                note=_sum(task, context),
                help=f"write `max_tokens = …` below {context:_}, or use a model with more context",
            )


def _sum(task: Task, context: int) -> str:
    return f"{task.max_tokens:_} tokens of an answer + 1 of a prompt > {context:_}"


def _finding(span: Span, label: str, *others: Label, note: str, help: str) -> Diagnostic:
    return Diagnostic(
        code="E0406",
        title="does not fit in memory or context",
        labels=(Label(span, label), *others),
        notes=(note,),
        help=help,
    )
