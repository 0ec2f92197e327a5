"""Rows and what to do with them: `dataset` and `task`."""

from __future__ import annotations

from collections import Counter
from typing import cast

from cosmosql.diagnostics.suggest import correction
from cosmosql.model.blocks import Block
from cosmosql.model.options import own_options
from cosmosql.model.program import Dataset, Roles, Task
from cosmosql.model.report import Report
from cosmosql.schema import registry

DEFAULT_METRIC = {
    "classify": "accuracy",
    "choose": "accuracy",
    "generate": "exact_match",
    "extract": "exact_match",
}


def dataset_is_sound(block: Block, report: Report) -> bool:
    """E0304 where the shares of the roles add up to more than all rows."""
    amounts = block.sections.get("roles", {}).values()
    shares = sum(amount for amount in amounts if isinstance(amount, float))
    if shares <= 1 + 1e-9:
        return True
    report.add(
        "E0304",
        "out of range",
        block.flat.sections["roles"].name.span,
        f"the shares add up to {shares:.0%}",
        help="shares add up to 100% at most",
    )
    return False


def dataset(block: Block) -> Dataset:
    assert block.extension is not None
    root, options = own_options(block, block.extension)
    roles = dict(block.sections.get("roles", {}))
    column = roles.pop("column", None)
    return Dataset(
        name=block.name,
        doc=block.doc,
        span=block.span,
        places=block.places,
        using=block.using,
        options=options,
        roles=Roles(
            column=None if column is None else str(column),
            amounts=cast("dict[str, int | float]", roles),
        ),
        group=block.optional("group"),
        identifier=block.optional("id"),
        stays_local=block.text("stays") == "local",
        root=root,
    )


def task_is_sound(block: Block, report: Report) -> bool:
    """E0209 and E0203 where `choices` and `using choose` do not go together, E0207 where a label
    stands in `labels` twice, E0501 where there is no such metric."""
    choices = block.optional("choices")
    if choices is None and block.using == "choose" and not block.template:
        report.add(
            "E0209",
            "an attribute is missing",
            block.span,
            "choose needs `choices`",
            help="`choices` names the column that holds a row's options",
        )
        return False
    if choices is not None and block.using not in ("choose", ""):
        report.add(
            "E0203",
            "unknown attribute",
            block.written("choices"),
            "only `using choose` has it",
            help="`choices` names the column that holds a row's options",
        )
        return False
    labels = block.names("labels")
    repeated = sorted(label for label, times in Counter(labels).items() if times > 1)
    if repeated:
        report.add(
            "E0207",
            "declared twice",
            block.written("labels"),
            f"`{repeated[0]}` stands in it twice",
            help="name each label once",
        )
        return False
    return _has_metric(block, report)


def _has_metric(block: Block, report: Report) -> bool:
    metric = block.optional("metric")
    known = registry.names("metric")
    if metric is None or metric in known:
        return True
    place = block.flat.attributes["metric"].attribute.value.span
    report.add(
        "E0501",
        "unknown extension",
        place,
        "no metric has this name",
        **correction(place, known, f"the metrics are {', '.join(known)}", word=metric),
    )
    return False


def task(block: Block) -> Task:
    return Task(
        name=block.name,
        doc=block.doc,
        span=block.span,
        places=block.places,
        using=block.using,
        dataset=block.text("data"),
        input=block.text("input"),
        target=block.text("target"),
        choices=block.optional("choices"),
        labels=block.names("labels"),
        metric=block.optional("metric") or DEFAULT_METRIC[block.using],
        instruction=block.optional("instruction"),
        separator=block.text("separator"),
        max_tokens=cast(int, block.values["max_tokens"]),
    )
