"""Forecasts as they were stated before anything measured them, and what became of them.

Both are observations of the ledger: appended, durable at once, never changed. A forecast is named
by the plan that states it, so stating or measuring it again adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, cast

from cosmosql.evidence.keys import key_of
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.identity import Json

FORECAST = "forecast"
OUTCOME = "outcome"
"""Kinds of observation."""

STEPS = {FORECAST: "forecast/1", OUTCOME: "outcome/1"}

Number: TypeAlias = float | str
"""A float; money as a decimal string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One quantity of a candidate or policy, forecast by a plan.

    `intervals` by level in percent. `hindsight`: what it foretells already stood in the ledger when
    it was stated; the forecast did not read it, but whoever made the forecaster may have.
    """

    plan: str
    """SHA-256 of the plan document."""
    spec: str
    """The spec's file name."""
    query: str
    name: str
    kind: str
    quantity: str
    """The metric's name, serve_cost or adapt_cost."""
    unit: str
    basis: str
    value: Number
    intervals: Mapping[str, tuple[Number, Number]]
    hindsight: bool

    @property
    def asked(self) -> Mapping[str, Json]:
        return {
            "step": STEPS[FORECAST],
            "plan": self.plan,
            "name": self.name,
            "quantity": self.quantity,
        }

    @property
    def key(self) -> str:
        return key_of(self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A stated forecast and what became of it; `measured` is None while nothing did."""

    stated: Stated
    stated_at: str
    """UTC, ISO 8601."""
    measured: Number | None = None
    runs: int = 0
    by: str | None = None
    """apply or backtest."""
    measured_at: str | None = None


def state(ledger: Ledger, stated: Stated) -> None:
    """Writes a forecast down, unless its plan stated it before."""
    if ledger.find(stated.key) is not None:
        return
    values: dict[str, Json] = {
        "spec": stated.spec,
        "query": stated.query,
        "kind": stated.kind,
        "unit": stated.unit,
        "basis": stated.basis,
        "value": stated.value,
        "intervals": {level: list(bounds) for level, bounds in stated.intervals.items()},
        "hindsight": stated.hindsight,
        "at": now(),
    }
    ledger.add(_observation(FORECAST, stated.asked, values))


def settle(ledger: Ledger, stated: Stated, measured: Number, *, runs: int, by: str) -> None:
    """Writes down what was measured of a stated forecast, unless that is known. Raises ValueError
    for a forecast that was not stated first."""
    if ledger.find(stated.key) is None:
        raise ValueError(f"{stated.name} was measured before its forecast was stated")
    asked: Mapping[str, Json] = {"step": STEPS[OUTCOME], "forecast": stated.key}
    if ledger.find(key_of(asked)) is None:
        values: dict[str, Json] = {"measured": measured, "runs": runs, "by": by, "at": now()}
        ledger.add(_observation(OUTCOME, asked, values))


def accounts(ledger: Ledger) -> tuple[Account, ...]:
    """Every stated forecast with its outcome, in the order in which they were stated."""
    outcomes = {str(one.asked["forecast"]): one for one in ledger.of_kind(OUTCOME)}
    return tuple(_account(one, outcomes.get(one.key)) for one in ledger.of_kind(FORECAST))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _observation(kind: str, asked: Mapping[str, Json], values: Mapping[str, Json]) -> Observation:
    return Observation(
        kind=kind, key=key_of(asked), asked=asked, conditions={}, role=None, values=values
    )


def _account(forecast: Observation, outcome: Observation | None) -> Account:
    values, asked = forecast.values, forecast.asked
    intervals = cast(Mapping[str, list[Number]], values["intervals"])
    stated = Stated(
        plan=str(asked["plan"]),
        spec=str(values["spec"]),
        query=str(values["query"]),
        name=str(asked["name"]),
        kind=str(values["kind"]),
        quantity=str(asked["quantity"]),
        unit=str(values["unit"]),
        basis=str(values["basis"]),
        value=cast(Number, values["value"]),
        intervals={level: (low, high) for level, (low, high) in intervals.items()},
        hindsight=bool(values["hindsight"]),
    )
    if outcome is None:
        return Account(stated=stated, stated_at=str(values["at"]))
    return Account(
        stated=stated,
        stated_at=str(values["at"]),
        measured=cast(Number, outcome.values["measured"]),
        runs=int(cast(int, outcome.values["runs"])),
        by=str(outcome.values["by"]),
        measured_at=str(outcome.values["at"]),
    )
