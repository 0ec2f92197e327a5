"""Tables over the backtests of several tasks.

A mean counts each task once. Its 90 % interval is a bootstrap over tasks (percentiles, all
candidates of a task together), so it says what another draw of such tasks would show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.bench.backtests import Document, Took

RESAMPLES = 10_000

RULES = {
    "this forecast": "this forecast",
    "largest fine-tuning": "largest LoRA",
    "best at last probe": "best at last probe",
    "random": "random",
}
"""Ways to choose under a cap, by their name in the document; and how a table calls them."""

METHODS = {
    "baseline": "words alone",
    "prompt": "zero-shot",
    "icl-random": "random demonstrations",
    "icl-retrieved": "retrieved demonstrations",
    "lora": "LoRA",
}

PAPER_MEAN, PAPER_BEST = 0.9272, 0.9871
"""Share of cost saved over eight benchmarks, and on the best of them (arXiv 2505.01449)."""

Value = Callable[[Document], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A number of every task's document, and how it is written."""

    heading: str
    value: Value
    form: str
    mean: bool = True


def score(document: Document, name: str) -> float | None:
    found: float | None = document[name]
    return found


def of_method(document: Document, method: str, name: str) -> float | None:
    scores = document["methods"].get(method)
    found: float | None = scores[name] if scores else None
    return found


def covered(document: Document, level: str) -> float | None:
    found: float | None = document["coverage"][level]
    return found


def predicted(document: Document) -> float:
    return float(sum(one["basis"] == "predicted" for one in document["candidates"]))


def candidates(document: Document) -> float:
    return float(len(document["candidates"]))


def capped(document: Document, rule: str) -> float | None:
    """A rule's regret under the binding caps, their mean."""
    return average(
        [
            one["regret_points"]
            for cap in document["budgets"]
            for one in cap["rules"]
            if one["rule"] == rule
        ]
    )


FORECASTS = (
    Column(heading="predicted", value=predicted, form=".0f"),
    Column(heading="error", value=partial(score, name="mae_points"), form=".1f"),
    Column(
        heading="error, LoRA",
        value=partial(of_method, method="lora", name="mae_points"),
        form=".1f",
    ),
    Column(heading="τ", value=partial(score, name="kendall_tau"), form=".2f"),
    Column(
        heading="τ, LoRA", value=partial(of_method, method="lora", name="kendall_tau"), form=".2f"
    ),
    *(
        Column(heading=f"{level} % cover", value=partial(covered, level=level), form=".0%")
        for level in ("50", "80", "90")
    ),
    Column(heading="regret", value=partial(score, name="regret_points"), form=".1f"),
    Column(heading="compute saved", value=partial(score, name="cost_saved"), form=".1%"),
)
"""How near the forecasts came, in points, and what was saved."""

CHOICES = tuple(
    Column(heading=heading, value=partial(capped, rule=rule), form=".1f")
    for rule, heading in RULES.items()
)
"""Regret in points under binding caps, beside rules that extrapolate nothing."""


def average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    """The 90 % bootstrap interval of a mean over tasks; None for fewer than three."""
    known = np.array([value for value in values if value is not None])
    if len(known) < 3:
        return None
    drawn = np.random.default_rng(0).integers(len(known), size=(RESAMPLES, len(known)))
    low, high = np.quantile(known[drawn].mean(axis=1), [0.05, 0.95])
    return float(low), float(high)


def shown(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def spanned(values: Sequence[float | None], form: str) -> str:
    """A mean over tasks with its interval."""
    middle, ends = average(values), interval(values)
    if middle is None or ends is None:
        return shown(middle, form)
    return f"{middle:{form}} [{ends[0]:{form}}, {ends[1]:{form}}]"


def markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are numbers."""
    lines = [heading, ["---", *("--:" for _ in heading[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by_task(found: Mapping[str, Document], columns: Sequence[Column]) -> str:
    """A row a task, then the mean over tasks with its interval."""
    rows = [
        [task, *(shown(column.value(document), column.form) for column in columns)]
        for task, document in found.items()
    ]
    return markdown(
        ["task", *(one.heading for one in columns)], [*rows, ["**mean**", *means(found, columns)]]
    )


def means(found: Mapping[str, Document], columns: Sequence[Column]) -> list[str]:
    return [
        spanned([column.value(document) for document in found.values()], column.form)
        for column in columns
    ]


def over_tasks(found: Mapping[str, Document], columns: Sequence[Column], what: str) -> str:
    """The mean row of `by_task` alone, under the name of what it is."""
    return markdown(
        ["mean over tasks", *(one.heading for one in columns)], [[what, *means(found, columns)]]
    )


def by_method(found: Mapping[str, Document]) -> str:
    """Means over tasks by method, of those candidates that were predicted."""
    rows = []
    for method, heading in METHODS.items():
        scores = [one["methods"][method] for one in found.values() if method in one["methods"]]
        if not any(one["predicted"] for one in scores):
            continue
        rows.append(
            [
                heading,
                str(sum(one["predicted"] for one in scores)),
                spanned([one["mae_points"] for one in scores], ".1f"),
                spanned([one["bias_points"] for one in scores], "+.1f"),
                spanned([one["kendall_tau"] for one in scores], ".2f"),
                spanned([one["coverage"]["90"] for one in scores], ".0%"),
            ]
        )
    return markdown(["method", "predicted", "error", "bias", "τ", "90 % cover"], rows)


def beside_the_paper(found: Mapping[str, Document], what: str) -> str:
    saved = {task: one["cost_saved"] for task, one in found.items()}
    best = max(saved, key=lambda task: saved[task])
    rows = [
        [
            what,
            spanned(list(saved.values()), ".2%"),
            f"{saved[best]:.2%} ({best})",
            spanned([one["mae_points"] for one in found.values()], ".1f"),
            spanned([one["regret_points"] for one in found.values()], ".1f"),
        ],
        [
            "eight benchmarks of COSMOS, arXiv 2505.01449",
            f"{PAPER_MEAN:.2%}",
            f"{PAPER_BEST:.2%}",
            "not read",
            "not read",
        ],
    ]
    return markdown(["", "compute saved, mean", "on the best task", "error", "regret"], rows)


def truths(found: Mapping[str, Document]) -> str:
    """How well the truth itself is known."""
    noise = [one["truth"] for one in found.values()]
    rows = sorted({one["rows"] for one in noise})
    return (
        f"Truth: {' or '.join(f'{one:,}' for one in rows)} test rows and"
        f" {noise[0]['seeds']} seeds a candidate; its standard error is"
        f" {shown(average([one['standard_error_points'] for one in noise]), '.1f')} points on"
        f" average, so that a forecast that knew every expected value would err by"
        f" {shown(average([one['floor_points'] for one in noise]), '.1f')}; two runs with other"
        f" seeds differ by"
        f" {shown(average([one['runs_differ_points'] for one in noise]), '.1f')}."
    )


def timing(found: Mapping[str, Took], cores: int) -> str:
    """The time that measuring took, by the clock of the process that did it."""
    probes = sum(one.probes for one in found.values())
    whole = probes + sum(one.truths for one in found.values())
    least = min(found, key=lambda task: found[task].probes + found[task].truths)
    fastest = found[least].probes + found[least].truths
    devices = dict.fromkeys(device for one in found.values() for device in one.devices)
    return (
        f"Measured on {', '.join(devices)}: {whole:,.0f} core-seconds by the ledgers, of which"
        f" the probes {probes:,.0f}, so {whole / cores / 60:.0f} minutes on {cores} cores; the task"
        f" that took least ({least}) {fastest:,.0f}. What else the machine did meanwhile counts."
    )


def page(found: Mapping[str, Document], times: Mapping[str, Took], *, what: str, cores: int) -> str:
    """Every table; `what` names the tasks together."""
    return "\n\n".join(
        [
            "### Forecasts",
            by_task(found, FORECASTS),
            truths(found),
            "### By method",
            by_method(found),
            "### Choices under a cap",
            by_task(found, CHOICES),
            "### Beside the paper",
            beside_the_paper(found, f"{len(found)} {what}"),
            "### Time",
            timing(times, cores),
        ]
    )
