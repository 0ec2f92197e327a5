"""The value of the next dollar: more labels, longer training, a bigger model, or more evidence.

More of what makes a candidate better is worth what it is expected to add to the choice; evidence is
worth what the choice is expected to gain by knowing it (decide/value.py). Nothing may be worth its
price: while the decision holds no measurement is, and what adds no more than the tolerance is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosmosql.decide.decision import Purchase, Verdict
from cosmosql.decide.formulas import Array, Strategies
from cosmosql.decide.imagined import Imagined
from cosmosql.decide.judged import Judged, expected, is_ratio, judge_one
from cosmosql.decide.subject import Subject
from cosmosql.decide.value import ERRORS, Gain, contenders, gain, utilities
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Query
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution

LABELS = "label"
EVIDENCE = ("probe", "rows")
UNPRICED = Unmeasured("no price is declared")

RIVAL = 0.05
"""Least share of draws in which an option beats the chosen one, to be measured because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The options with the chosen one among them, and what else may be bought. `candidates` and
    `parameters` (of a model, by reference) tell which is the same with a bigger model."""

    query: Query
    judged: Sequence[Judged]
    chosen: Judged
    settled: bool
    strategies: Strategies
    candidates: Mapping[str, Candidate]
    parameters: Mapping[str, int]
    imagined: Sequence[Imagined]
    seed: int

    @property
    def known(self) -> list[Judged]:
        """The options that have an objective."""
        return [one for one in self.judged if not isinstance(one.objective, Unmeasured)]

    @property
    def tolerance(self) -> float:
        """What a purchase must add at least, in the objective's unit."""
        allowed = float(self.query.tolerance)
        if is_ratio(self.query, self.chosen.subject):
            return allowed
        return allowed * abs(expected(self.chosen))


def purchases(market: Market) -> tuple[Purchase, ...]:
    """Everything that may be bought, what is recommended first.

    Amounts of different units cannot be compared: of what is worth it evidence stands first (it
    settles what everything else would build on), then what costs money once, labels, and money a
    request; within a unit the gain for one unit of it ranks.
    """
    if isinstance(market.chosen.objective, Unmeasured):
        return ()
    found = [*more_of_the_same(market), *bigger_models(market), *evidence(market)]
    found = [replace(one, recommended=is_worth(one, market)) for one in found]
    worth = any(one.recommended for one in found)
    if market.settled:
        rest = "" if worth else ", and no purchase is expected to add more than the tolerance"
        what = f"nothing more to measure: the decision holds{rest}"
        found.append(nothing(what, recommended=not worth))
    elif not worth:
        what = "nothing: no purchase is expected to gain anything by the choice"
        found.append(nothing(what, recommended=True))
    return tuple(sorted(found, key=rank))


def is_worth(one: Purchase, market: Market) -> bool:
    if isinstance(one.gain, Unmeasured):
        return False
    if one.kind in EVIDENCE:
        return not market.settled and one.gain > 0
    return one.gain > market.tolerance


def nothing(what: str, *, recommended: bool) -> Purchase:
    return Purchase(
        kind="nothing",
        what=what,
        gain=0.0,
        interval=None,
        cost=0.0,
        unit="",
        recommended=recommended,
    )


def rank(one: Purchase) -> tuple[bool, bool, int, float, float, str]:
    """What is recommended first, evidence before the rest of it; then by unit, and within it by
    the gain for one unit."""
    gained = -np.inf if isinstance(one.gain, Unmeasured) else one.gain
    order = 3 if isinstance(one.cost, Unmeasured) else 2 if "/" in one.unit else 0
    order = 1 if one.unit == LABELS else order
    rate = gained if one.rate is None else one.rate
    return not one.recommended, one.kind not in EVIDENCE, order, -rate, -gained, one.what


def more_of_the_same(market: Market) -> list[Purchase]:
    """The best purchase of labels, and the best longer training."""
    named = {one.subject.name: one for one in market.known}
    found: dict[str, Purchase] = {}
    for one in market.imagined:
        base = named.get(one.candidate)
        if base is None or isinstance(base.subject.metric, Unmeasured):
            continue
        purchase = improved(market, base.subject, one)
        best = found.get(one.kind)
        if best is None or better(purchase, best):
            found[one.kind] = purchase
    return list(found.values())


def better(one: Purchase, other: Purchase) -> bool:
    if isinstance(one.gain, Unmeasured):
        return False
    return isinstance(other.gain, Unmeasured) or one.gain > other.gain


def improved(market: Market, base: Subject, one: Imagined) -> Purchase:
    """An imagined run as a purchase: its gain over the chosen one, requirements included."""
    cost, unit = once_more(market.chosen.subject, base, one.effort)
    if one.labels:
        cost, unit = float(one.labels), LABELS
    metric = base.metric
    if isinstance(one.change, Unmeasured) or isinstance(metric, Unmeasured):
        reason = one.change if isinstance(one.change, Unmeasured) else Unmeasured("not forecast")
        return purchase(one.kind, one.what, reason, cost, unit)
    quantities = {
        **base.quantities,
        base.metric_name: replace(metric, draws=np.clip(metric.draws + one.change, 0.0, 1.0)),
    }
    for name, factor, extra in (("adapt_cost", one.effort, 0.0), ("labels", 1.0, one.labels)):
        spent = quantities.get(name)
        if isinstance(spent, Distribution):
            quantities[name] = replace(spent, draws=factor * spent.draws + extra)
    imagined = judge_one(market.query, replace(base, quantities=quantities), market.strategies)
    return purchase(one.kind, one.what, gained(market, imagined), cost, unit)


def gained(market: Market, option: Judged) -> Array | Unmeasured:
    """Draws of what an option gains over the chosen one, requirements included, shape (draws,)."""
    if isinstance(option.objective, Unmeasured):
        return option.objective
    others = [one for one in market.known if one is not market.chosen and one is not option]
    found = [option, market.chosen, *others]
    utility = utilities(
        np.array([one.objective for one in found]), np.array([one.feasible for one in found])
    )
    return np.asarray(utility[0] - utility[1])


def purchase(
    kind: str, what: str, draws: Array | Unmeasured, cost: float | Unmeasured, unit: str
) -> Purchase:
    if isinstance(draws, Unmeasured):
        return Purchase(
            kind=kind, what=what, gain=draws, interval=None, cost=cost, unit=unit, recommended=False
        )
    low, high = (float(bound) for bound in np.quantile(draws, [0.05, 0.95]))
    return Purchase(
        kind=kind,
        what=what,
        gain=float(draws.mean()),
        interval=(low, high),
        cost=cost,
        unit=unit,
        recommended=False,
    )


def once_more(chosen: Subject, base: Subject, effort: float) -> tuple[float | Unmeasured, str]:
    """One-off money beyond that of the chosen one, and its unit."""
    ours, theirs = chosen.quantities.get("adapt_cost"), base.quantities.get("adapt_cost")
    if not isinstance(theirs, Distribution) or not isinstance(ours, Distribution):
        return UNPRICED, ""
    return max(effort * theirs.value - ours.value, 0.0), theirs.unit


def bigger_models(market: Market) -> list[Purchase]:
    """The chosen candidate with the next larger model, where one is used in the query."""
    own = market.candidates.get(market.chosen.subject.name)
    size = market.parameters.get(own.model or "") if own else None
    larger = sorted(
        (count, model)
        for model, count in market.parameters.items()
        if size is not None and count > size
    )
    if own is None or not larger:
        return []
    model = larger[0][1]
    same = next(
        (
            one
            for one in market.known
            if (other := market.candidates.get(one.subject.name)) is not None
            and other.model == model
            and (other.kind, other.retriever, other.config) == (own.kind, own.retriever, own.config)
        ),
        None,
    )
    if same is None:
        reason = Unmeasured(f"no candidate of the query is {own.strategy} on {model}")
        return [purchase("model", f"{own.strategy} on {model}", reason, UNPRICED, "")]
    ours, theirs = (one.subject.quantities.get("serve_cost") for one in (market.chosen, same))
    cost: float | Unmeasured = UNPRICED
    unit = ""
    if isinstance(ours, Distribution) and isinstance(theirs, Distribution):
        cost, unit = max(theirs.value - ours.value, 0.0), theirs.unit
    return [purchase("model", same.subject.name, gained(market, same), cost, unit)]


def evidence(market: Market) -> list[Purchase]:
    """The measurement in full, and the further rows, that the choice is expected to gain most by
    for their cost."""
    if market.settled:
        return []
    rivals = [one for one in market.known if is_rival(one, market.chosen)]
    found = [full_run(market, one) for one in rivals if basis(one) == "predicted"]
    found = sorted(found, key=lambda one: (one.rate is None, *rank(one)[3:]))[:1]
    measured = [one for one in rivals if basis(one) == "measured"]
    return [*found, *([more_rows(market, measured)] if measured else [])]


def is_rival(one: Judged, chosen: Judged) -> bool:
    """Whether an option could still be the best: the chosen one, and those that beat it in at
    least one draw of twenty or have an undecided requirement."""
    if isinstance(one.objective, Unmeasured) or one.verdict is Verdict.FAILS:
        return False
    if one is chosen or isinstance(chosen.objective, Unmeasured):
        return True
    return bool(np.mean(one.objective > chosen.objective) >= RIVAL)


def basis(one: Judged) -> str | None:
    """Of its metric; None for policies, which cannot be measured but through their members."""
    metric = one.subject.metric
    return metric.basis if isinstance(metric, Distribution) and one.subject.strategy else None


def full_run(market: Market, one: Judged) -> Purchase:
    """Measuring a predicted option in full: that shows its metric with the noise of the rows."""
    metric = one.subject.metric
    if isinstance(metric, Unmeasured):
        raise ValueError(f"{one.subject.name} has no forecast")
    rng = np.random.default_rng(seed_of("full run", market.seed))
    shown = rng.binomial(metric.n, np.clip(metric.draws, 0.0, 1.0)) / metric.n
    cost = spent_on([one], metric.n, adapted=True)
    what = f"measure {one.subject.name} in full on the validation rows"
    return measurement(market, "probe", what, shown, cost)


def more_rows(market: Market, measured: Sequence[Judged]) -> Purchase:
    """As many rows again: they show the lead of the two that are hardest to tell apart, with as
    much noise as the rows so far; of one alone, its metric."""
    leader = market.chosen if market.chosen in measured else measured[0]
    others = [one for one in measured if one is not leader]
    rows = max(
        metric.n for one in measured if isinstance(metric := one.subject.metric, Distribution)
    )
    lead = metric_draws(leader)
    if others:
        lead = lead - metric_draws(max(others, key=lambda one: metric_draws(one).mean()))
    rng = np.random.default_rng(seed_of("more rows", market.seed))
    shown = lead + lead.std() * rng.standard_normal(len(lead))
    cost = spent_on(measured, rows, adapted=False)
    what = f"measure the contenders on more validation rows than {rows} (`rows` of the probe)"
    return measurement(market, "rows", what, shown, cost)


def metric_draws(one: Judged) -> Array:
    metric = one.subject.metric
    if isinstance(metric, Unmeasured):
        raise ValueError(f"{one.subject.name} was not measured")
    return metric.draws


def measurement(
    market: Market, kind: str, what: str, shown: Array, cost: tuple[float | Unmeasured, str]
) -> Purchase:
    """Evidence as a purchase. A worth within its Monte Carlo error is none."""
    utility = utilities(
        np.array([one.objective for one in market.known]),
        np.array([one.feasible for one in market.known]),
    )
    worth: Gain = gain(contenders(utility), shown)
    value = worth.value if worth.value > ERRORS * worth.error else 0.0
    return Purchase(
        kind=kind,
        what=what,
        gain=value,
        interval=None,
        cost=cost[0],
        unit=cost[1],
        recommended=False,
    )


def spent_on(
    options: Sequence[Judged], rows: int, *, adapted: bool
) -> tuple[float | Unmeasured, str]:
    """Money for answering so many rows, and for making ready what is not adapted yet."""
    total, unit = 0.0, ""
    for one in options:
        each, once = (one.subject.quantities.get(name) for name in ("serve_cost", "adapt_cost"))
        if not isinstance(each, Distribution) or not isinstance(once, Distribution):
            return UNPRICED, ""
        total += rows * each.value + (once.value if adapted else 0.0)
        unit = once.unit
    return total, unit
