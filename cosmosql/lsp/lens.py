"""What stands above strategies, policies and queries: the plan's forecast and its decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cosmosql.lsp.forecasts import Forecast, Plans, chosen, options_of, summary
from cosmosql.lsp.workspace import Snapshot
from cosmosql.model.names import Declaration
from cosmosql.source import Span

STALE = "stale: the spec has changed since"


@dataclass(frozen=True, slots=True)
class Lens:
    """A line above a declaration. `span` is that of its name."""

    span: Span
    text: str


def lenses(snapshot: Snapshot, plans: Plans) -> tuple[Lens, ...]:
    """One lens a query that has a plan, and one a strategy or policy in each of those plans."""
    module = snapshot.module
    forecasts = plans.of(snapshot)
    if module is None or not forecasts:
        return ()
    found = []
    for (kind, name), block in module.blocks.items():
        if kind == "query":
            texts = [_decision(one) for one in forecasts if one.query == name]
        elif kind in ("strategy", "policy") and not block.template:
            texts = list(_forecasts(forecasts, Declaration(module, block).name))
        else:
            continue
        found += [Lens(block.name.span, text) for text in texts]
    return tuple(found)


def _decision(forecast: Forecast) -> str:
    plan = forecast.plan
    option = chosen(plan)
    if option is None:
        text = str(plan.decision.status)
    else:
        text = f"{plan.decision.status}: {option.name} · {summary(option)}"
    return _marked(text, forecast)


def _forecasts(forecasts: tuple[Forecast, ...], reference: str) -> Iterator[str]:
    for forecast in forecasts:
        options = options_of(forecast.plan, reference)
        if not options:
            continue
        best = options[0]
        text = summary(best)
        if best.name == forecast.plan.decision.chosen:
            text += " · chosen"
        elif best.status:
            text += f" · {best.status}"
        if len(options) > 1:
            text += f" · best of {len(options)}"
        if len(forecasts) > 1:
            text = f"{forecast.query}: {text}"
        yield _marked(text, forecast)


def _marked(text: str, forecast: Forecast) -> str:
    return f"{text} · {STALE}" if forecast.stale else text
