"""The kinds of declarations: their attributes, sections and clauses, as one table.

The grammar knows shapes and this table knows words. What an extension adds (`using jsonl`) stands
in its own `Extension.options`; here is what every declaration of a kind may say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cosmosql.schema.fields import Field, FieldType

METERS: Mapping[str, str] = MappingProxyType(
    {
        "money": "Money.",
        "wall": "Time on the wall clock.",
        "accelerator": "Time on accelerators.",
        "tokens": "Tokens read and written.",
        "requests": "Calls to a model.",
        "labels": "New labels to pay for.",
    }
)
"""What a budget counts."""

COMBINED = "combined"
"""The signal that no model gives: a calibrated combination of those that it does give."""

RISING = (
    "margin",
    "label_margin",
    "max_probability",
    "mean_logprob",
    "min_logprob",
    "quantile_logprob",
    COMBINED,
)
"""Signals that are high where the model is sure; entropy is the other way round."""

BY_HAND = tuple(name for name in RISING if name != COMBINED)
"""Signals on which a threshold may be written: they mean the same wherever they are measured."""

SIGNALS = (*RISING[:3], "entropy", *RISING[3:])
"""Uncertainty signals of an answer, as `contracts.strategy.Answer` names them, and `combined`."""

LARGEST_COUNT = 2**32 - 1
"""Of rows, steps and seeds of a probe: random generators take no larger seed."""

DEFAULT_SHARES: Mapping[str, float] = MappingProxyType(
    {"train": 0.60, "validation": 0.15, "calibration": 0.10, "test": 0.15}
)
"""Shares of the rows that each role gets where a dataset does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionKind:
    """`roles { … }` inside a block: attributes of its own."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a declaration of one kind may say.

    `plugged`: `using` names an extension of the registry, whose options join `fields`.
    `words`: names that `using` may give and no extension stands behind; where `plugged` is false
    and there are none, there is no `using`.
    """

    name: str
    doc: str
    fields: tuple[Field, ...] = ()
    sections: tuple[SectionKind, ...] = ()
    clauses: tuple[str, ...] = ()
    plugged: bool = False
    words: tuple[str, ...] = ()


def _count(name: str, doc: str, **more: object) -> Field:
    return Field(
        name=name,
        type=FieldType.COUNT,
        doc=doc,
        minimum=0,
        maximum=LARGEST_COUNT,
        **more,  # type: ignore[arg-type]
    )


_DATASET = Kind(
    name="dataset",
    doc="Rows, how they split into roles, and where they may go.",
    plugged=True,
    fields=(
        Field(
            name="group",
            type=FieldType.WORD,
            doc="Column whose equal values keep rows together in one role; left out: rows with "
            "the same normalised input text stay together.",
        ),
        Field(
            name="id",
            type=FieldType.WORD,
            doc="Column that names a row; it is no part of the row's content.",
        ),
        Field(
            name="stays",
            type=FieldType.WORD,
            doc="`local`: rows may reach only models that run on this machine.",
            default="anywhere",
            choices=("anywhere", "local"),
        ),
    ),
    sections=(
        SectionKind(
            name="roles",
            doc="Which rows serve which purpose. Roles that are not named share what is left in "
            "the proportions 60 : 15 : 10 : 15 (train, validation, calibration, test).",
            fields=(
                Field(
                    name="column",
                    type=FieldType.WORD,
                    doc="Column that holds the role's name; an empty cell leaves it to the hash.",
                ),
                *(
                    Field(name=role, type=FieldType.AMOUNT, doc=doc, minimum=0)
                    for role, doc in (
                        ("train", "Rows to learn from and to demonstrate with."),
                        ("validation", "Rows on which candidates are probed."),
                        ("calibration", "Rows for thresholds and guarantees."),
                        ("test", "Rows that only `apply` and `backtest` read."),
                    )
                ),
            ),
        ),
    ),
)

_TASK = Kind(
    name="task",
    doc="What to do with the rows of a dataset.",
    words=("classify", "choose", "generate", "extract"),
    fields=(
        Field(
            name="data",
            type=FieldType.REFERENCE,
            target="dataset",
            doc="The dataset.",
            required=True,
        ),
        Field(
            name="input",
            type=FieldType.TEXT,
            doc="Template over the columns: `Ticket: {subject}\\n{text}`; `{{` is a brace.",
            required=True,
        ),
        Field(
            name="target",
            type=FieldType.WORD,
            doc="Column that holds the right answer.",
            required=True,
        ),
        Field(
            name="labels",
            type=FieldType.WORD,
            many=True,
            doc="The answers that compete (classify); left out: those of the train rows.",
        ),
        Field(
            name="choices",
            type=FieldType.WORD,
            doc="Column that holds the row's own options (choose): a list of texts, or an object "
            "of texts by name, of which the names compete.",
        ),
        Field(
            name="metric",
            type=FieldType.WORD,
            doc="How good answers are; left out: `accuracy` for classify and choose, "
            "`exact_match` for generate and extract.",
        ),
        Field(
            name="instruction",
            type=FieldType.TEXT,
            doc="Stands once at the top of a prompt; `{labels}` is the sorted list of labels. "
            "Left out: `labels: {labels}` for classify, nothing otherwise.",
        ),
        Field(
            name="separator",
            type=FieldType.TEXT,
            doc="Between input and answer.",
            default=" =>",
        ),
        Field(
            name="max_tokens",
            type=FieldType.COUNT,
            doc="Longest answer, in tokens.",
            default=16,
            minimum=1,
            maximum=100_000,
        ),
    ),
)

_MODEL = Kind(
    name="model",
    doc="Something that answers.",
    plugged=True,
    fields=(
        Field(
            name="price",
            type=FieldType.REFERENCE,
            target="price",
            doc="What an endpoint charges that serves this model: `endpoint_cost` tells what "
            "requests would cost there. It is measured where its weights are all the same.",
        ),
        Field(
            name="cost",
            type=FieldType.QUANTITY,
            dimension="money per request",
            doc="What a request to this model costs, as declared: `serve_cost` is that, whatever "
            "was measured or recorded.",
            minimum=0,
        ),
    ),
)

_RETRIEVER = Kind(
    name="retriever",
    doc="Which demonstrations stand before a query.",
    plugged=True,
    fields=(
        Field(
            name="corpus",
            type=FieldType.REFERENCE,
            target="dataset",
            doc="The dataset whose train rows are searched.",
            required=True,
        ),
    ),
)

_STRATEGY = Kind(
    name="strategy",
    doc="A way to adapt a model. Every `sweep` value makes a candidate.",
    plugged=True,
    fields=(
        Field(
            name="model",
            type=FieldType.REFERENCE,
            target="model",
            doc="The model that is adapted; `baseline` needs none.",
            sweepable=True,
        ),
        Field(
            name="retriever",
            type=FieldType.REFERENCE,
            target="retriever",
            doc="Chooses demonstrations; left out: they are drawn at random.",
            sweepable=True,
        ),
        Field(
            name="on",
            type=FieldType.REFERENCE,
            target="hardware",
            doc="Where it runs; its price makes seconds into money.",
        ),
    ),
)

_POLICY = Kind(
    name="policy",
    doc="Which strategy answers a query. `single` takes the best one for all, `auto` searches over "
    "the single ones and all policies that come with CosmosQL.",
    plugged=True,
    words=("single", "auto"),
    clauses=("escalate",),
    fields=(
        Field(
            name="over",
            type=FieldType.REFERENCE,
            target="strategy",
            many=True,
            doc="The strategies that it may use; `strategy.*` takes all of the file.",
        ),
        Field(
            name="stages",
            type=FieldType.REFERENCE,
            target="strategy",
            many=True,
            doc="The tiers of a cascade, first tier first.",
        ),
        Field(
            name="signal",
            type=FieldType.WORD,
            doc="Uncertainty of an answer that decides whether the next tier is asked.",
            default="margin",
            choices=SIGNALS,
        ),
        Field(
            name="defer",
            type=FieldType.QUANTITY,
            dimension="money",
            doc="What a person takes for an answer, `0.50 USD`: the last tier, always right, to "
            "which the policy may defer (abstain); left out: a model answers every query.",
            minimum=0,
        ),
    ),
)

_PROBE = Kind(
    name="probe",
    doc="How candidates are measured at reduced size.",
    fields=(
        _count("sizes", "Train rows of short fine-tuning runs.", many=True, default=(64, 128, 256)),
        _count("shots", "Shots that are measured.", many=True, default=(1, 2, 4)),
        _count("steps", "Optimiser steps of extra short runs.", many=True, default=()),
        Field(
            name="rows",
            type=FieldType.COUNT,
            doc="Validation rows on which candidates are compared.",
            default=200,
            minimum=1,
        ),
        Field(
            name="most_rows",
            type=FieldType.COUNT,
            doc="Validation rows at most: candidates measured in full that `rows` cannot tell "
            "apart are compared on further blocks of as many; left out: on no more than `rows`.",
            minimum=1,
        ),
        _count("seeds", "Seeds of repeated runs.", many=True, default=(11, 12)),
        Field(
            name="order",
            type=FieldType.WORD,
            doc="`adaptive`: after a first round the probe that promises the largest gain of the "
            "choice per cost, until the query is decided; `survey`: the one that narrows all "
            "forecasts most, until none does so by a tenth of the query's tolerance; "
            "`complete`: all of them.",
            default="adaptive",
            choices=("adaptive", "survey", "complete"),
        ),
    ),
)


def _meters(dimensions: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(
        Field(name=name, type=FieldType.QUANTITY, doc=METERS[name], dimension=dimension, minimum=0)
        for name, dimension in dimensions.items()
    )


_BUDGET = Kind(
    name="budget",
    doc="Limits, each by its own meter.",
    sections=(
        SectionKind(
            name="probing",
            doc="Hard ceilings on what measuring may spend.",
            fields=_meters(
                {
                    "money": "money",
                    "wall": "time",
                    "accelerator": "GPU time",
                    "tokens": "tokens",
                    "requests": "requests",
                    "labels": "labels",
                }
            ),
        ),
        SectionKind(
            name="adaptation",
            doc="Requirements on the one-off cost of every candidate.",
            fields=_meters({"money": "money", "labels": "labels"}),
        ),
        SectionKind(
            name="serving",
            doc="Requirements on the cost of a request of every candidate.",
            fields=_meters({"money": "money per request", "wall": "time"}),
        ),
    ),
)

_QUERY = Kind(
    name="query",
    doc="The question: which of these candidates, under which budget and requirements.",
    clauses=("for", "among", "measure", "objective", "require", "decide"),
)

_ASSUMED = Field(
    name="assumed",
    type=FieldType.BOOLEAN,
    doc="The price is an assumption of the author, not somebody's list price: it has no date.",
    default=False,
)

_PRICE = Kind(
    name="price",
    doc="What an endpoint charges, as declared.",
    fields=(
        *(
            Field(
                name=name,
                type=FieldType.QUANTITY,
                dimension="money per token",
                doc=doc,
                required=name != "cached_input",
                minimum=0,
            )
            for name, doc in (
                ("input", "Money a prompt token."),
                ("output", "Money an answered token."),
                ("cached_input", "Money a prompt token that the endpoint had cached."),
            )
        ),
        Field(
            name="cache_from",
            type=FieldType.COUNT,
            doc="Tokens of the beginning that prompts must have in common before the endpoint "
            "caches it.",
            default=1_024,
            minimum=0,
        ),
        Field(
            name="batch_discount",
            type=FieldType.RATIO,
            doc="Share taken off the prices of requests that may wait for hours; left out: none is "
            "known.",
            minimum=0,
            maximum=1,
        ),
        Field(name="source", type=FieldType.TEXT, doc="Where the price was read.", required=True),
        Field(
            name="as_of",
            type=FieldType.TEXT,
            doc="When: `2026-01-31`; needed unless the price is assumed.",
        ),
        _ASSUMED,
    ),
)

_HARDWARE = Kind(
    name="hardware",
    doc="Where a strategy runs, and its price. Without `peak_flops`: the machine at hand.",
    fields=(
        Field(
            name="memory",
            type=FieldType.QUANTITY,
            dimension="bytes",
            doc="Memory of one accelerator.",
        ),
        Field(
            name="bandwidth",
            type=FieldType.QUANTITY,
            dimension="bytes per time",
            doc="Memory bandwidth.",
        ),
        Field(
            name="peak_flops",
            type=FieldType.QUANTITY,
            dimension="operations per time",
            doc="Dense 16-bit matrix rate: `989 TFLOP/s`.",
        ),
        Field(
            name="utilisation",
            type=FieldType.RATIO,
            doc="Share of the paid time in which requests are served.",
            default=1.0,
            minimum=0.0001,
            maximum=1,
        ),
        Field(
            name="price",
            type=FieldType.QUANTITY,
            dimension="money per GPU time",
            doc="Money per accelerator time; left out: nothing that runs here can be costed.",
            minimum=0,
        ),
        Field(
            name="source",
            type=FieldType.TEXT,
            doc="Where the price was read; needed with a price.",
        ),
        Field(
            name="as_of",
            type=FieldType.TEXT,
            doc="When: `2026-01-31`; needed with a price unless it is assumed.",
        ),
        _ASSUMED,
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _DATASET,
            _TASK,
            _MODEL,
            _RETRIEVER,
            _STRATEGY,
            _POLICY,
            _PROBE,
            _BUDGET,
            _QUERY,
            _PRICE,
            _HARDWARE,
        )
    }
)
"""Every kind by name, in the order in which a spec is usually written."""
