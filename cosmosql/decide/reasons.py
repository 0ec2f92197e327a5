"""Why this one, and why not each other one: one sentence each, with the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import Miss, Verdict
from cosmosql.decide.paired import Paired
from cosmosql.decide.requirements import shown
from cosmosql.decide.subject import Subject
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Measure, Query
from cosmosql.predict.forecast import Distribution

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An option beside the chosen one. `gap` is how much better the chosen one is in each draw by
    the objective; None where one of them is unmeasured. `paired` is what the same rows showed.
    `ratio`: the objective is the metric."""

    subject: Subject
    verdict: Verdict
    misses: tuple[Miss, ...]
    objective: float | Unmeasured
    chosen: Subject | None
    gap: Array | None = field(repr=False)
    paired: Paired | None
    ratio: bool


def reason_against(compared: Comparison, query: Query) -> str:
    """What speaks against an option, or that it was chosen."""
    if isinstance(compared.objective, Unmeasured):
        return f"its {query.objective.text} is unmeasured: {compared.objective.reason}"
    failed = next((m for m in compared.misses if m.verdict is Verdict.FAILS), None)
    if failed:
        return f"fails `{failed.requirement}`: {failed.found}"
    if compared.chosen is not None and compared.subject is compared.chosen:
        return chosen_reason(compared)
    against = difference(compared, query)
    if compared.misses:
        miss = compared.misses[0]
        doubt = f"not shown to meet `{miss.requirement}`: {miss.found}"
        return f"{doubt}; {against}" if against else doubt
    return against or "nothing speaks for or against it"


def chosen_reason(compared: Comparison) -> str:
    if compared.misses:
        miss = compared.misses[0]
        return f"best guess, not shown to meet `{miss.requirement}`: {miss.found}"
    return "chosen"


def difference(compared: Comparison, query: Query) -> str:
    """What the option is worse or better by than the chosen one, and at what cost."""
    if compared.gap is None or compared.chosen is None:
        return ""
    name = compared.subject.metric_name
    if compared.ratio and compared.paired is not None:
        return measured_difference(compared.paired, name) + cost_ratio(compared)
    if query.objective.formula == Measure(name="serve_cost"):
        words = "answers" + cost_ratio(compared) + one_off_ratio(compared)
    else:
        words = forecast_difference(compared, query) + cost_ratio(compared)
    if compared.paired is not None:
        words += f", {measured_difference(compared.paired, name)}"
    return words


def measured_difference(found: Paired, name: str) -> str:
    """`3.4 points lower accuracy than the chosen one on the same rows (90 % interval 1.2 to 5.5,
    paired bootstrap; 58 of 400 rows discordant, exact McNemar p = 0.003)`."""
    estimate = found.difference
    if not found.discordant and estimate.value == 0:
        return f"the same {name} as the chosen one: alike on each of {found.rows} common rows"
    size, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    side = "lower" if size >= 0 else "higher"
    if size < 0:
        size, low, high = -size, -high, -low
    test = "row bootstrap" if found.p_value is None else "paired bootstrap"
    words = (
        f"{size:.1f} points {side} {name} than the chosen one on the same rows (90 % interval "
        f"{low:.1f} to {high:.1f}, {test}; {found.discordant} of {found.rows} rows discordant"
    )
    if found.p_value is not None:
        p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"
        words += f", exact McNemar {p}"
    return f"{words})"


def forecast_difference(compared: Comparison, query: Query) -> str:
    """`3.4 points lower macro_f1 than the chosen one (90 % interval 1.2 to 5.5, paired draws)`, in
    the objective's own unit where it is not the metric."""
    gap = np.asarray(compared.gap)
    worse = float(np.median(gap))
    low, high = (float(bound) for bound in np.quantile(gap, [0.05, 0.95]))
    maximizing = query.objective.direction == "maximize"
    name = compared.subject.metric_name if compared.ratio else query.objective.text
    lower = (worse >= 0) == maximizing
    if worse < 0:
        low, high = -high, -low
    scale, form, unit = (100.0, ".1f", " points") if compared.ratio else (1.0, ".3g", "")
    size = f"{scale * abs(worse):{form}}{unit}"
    words = f"{size} {'lower' if lower else 'higher'} {name} than the chosen one"
    if low == high == abs(worse):
        return f"{words} (exact)" if worse else f"the same {name} as the chosen one"
    return f"{words} (90 % interval {scale * low:{form}} to {scale * high:{form}}, paired draws)"


def cost_ratio(compared: Comparison) -> str:
    """` at 3.1× its cost per request`, where both are known and not the same."""
    own = compared.subject.quantities.get("serve_cost")
    other = compared.chosen.quantities.get("serve_cost") if compared.chosen else None
    if not isinstance(own, Distribution) or not isinstance(other, Distribution):
        return ""
    if own.value == other.value:
        return " at the same cost per request"
    if other.value <= 0:
        return ", and its requests are not free"
    return f" at {own.value / other.value:.3g}× its cost per request"


def one_off_ratio(compared: Comparison) -> str:
    """`, and 2× its one-off cost`, where both are known, not the same and not free."""
    own = compared.subject.quantities.get("adapt_cost")
    other = compared.chosen.quantities.get("adapt_cost") if compared.chosen else None
    if not isinstance(own, Distribution) or not isinstance(other, Distribution):
        return ""
    if other.value <= 0 or own.value == other.value:
        return ""
    return f", and {own.value / other.value:.3g}× its one-off cost"


def reasons_for(
    query: Query,
    status: str,
    chosen: Comparison | None,
    comparisons: Sequence[Comparison],
    probability: float | None,
) -> tuple[str, ...]:
    """Why the chosen one, or why none is."""
    if chosen is None:
        return (none_chosen(status, comparisons),)
    reasons = []
    metric = chosen.subject.metric
    measured = chosen.subject.measured or metric
    name = chosen.subject.metric_name
    reasons.append(f"{name} {shown(measured)}{basis(measured)}")
    if chosen.subject.measured is not None:
        count = sum(one.subject.measured is not None for one in comparisons)
        reasons.append(
            f"{name} {shown(metric)} is to be expected: corrected for the choice among {count} "
            "measured options"
        )
    if query.requirements and not chosen.misses:
        count = len(query.requirements)
        meets = "the requirement" if count == 1 else f"all {count} requirements"
        reasons.append(f"shown to meet {meets}")
    if probability is not None:
        allowed = f"{100 * float(query.tolerance):g} " + ("points" if chosen.ratio else "percent")
        reasons.append(
            f"within {allowed} of the best option with probability {probability:.2f}; "
            f"{float(query.confidence):g} was asked"
        )
    unmeasured = sum(isinstance(one.objective, Unmeasured) for one in comparisons)
    if unmeasured:
        reasons.append(f"{unmeasured} of {len(comparisons)} options could not be forecast")
    return tuple(reasons)


def basis(metric: Distribution | Unmeasured) -> str:
    if isinstance(metric, Unmeasured):
        return ""
    return f", {metric.basis} on {metric.n} rows"


def none_chosen(status: str, comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return "nothing is left to choose from: every policy is refused"
    if status != "infeasible":
        return "no option's objective was measured"
    counts: dict[str, int] = {}
    for one in comparisons:
        for miss in one.misses:
            if miss.verdict is Verdict.FAILS:
                counts[miss.requirement] = counts.get(miss.requirement, 0) + 1
    worst = max(counts, key=lambda text: (counts[text], text))
    return f"every option is shown to fail; {counts[worst]} of {len(comparisons)} fail `{worst}`"


def what_is_missing(comparisons: Sequence[Comparison]) -> str | None:
    """The first option of which nothing is known, to be measured."""
    missing = [
        one
        for one in comparisons
        if isinstance(one.objective, Unmeasured) or isinstance(one.subject.metric, Unmeasured)
    ]
    return f"measure {missing[0].subject.name}" if missing else None
