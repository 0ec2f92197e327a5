"""What a set of observations stands for in tokens, time and money: the same on every machine.

Real seconds stay in the ledger. Here seconds are tokens at the measured profile's rates, so that a
plan made again from the evidence alone has the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.throughput import seconds
from cosmosql.identity import rounded
from cosmosql.model.program import Program
from cosmosql.probes.prices import hardware_price
from cosmosql.probes.worst import profile_of
from cosmosql.units import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Sums over observations. `money` is None where a price is unknown, or where two currencies
    would have to be added."""

    tokens: int
    requests: int
    seconds: float
    flops: float
    money: Quantity | None


def profiles(measured: Iterable[Measured]) -> Mapping[str, DeviceProfile]:
    """The measured profile of each model, by reference."""
    found = {}
    for one in measured:
        model = one.measurement.candidate.model
        if one.measurement.kind == "profile" and model is not None:
            profile = profile_of(one.observation)
            if profile is not None:
                found[model] = profile
    return found


def account(measured: Iterable[Measured], program: Program) -> Account:
    """What measuring these took, at the profiles among them."""
    every = tuple(measured)
    rates = profiles(every)
    total_seconds = 0.0
    money: list[Quantity | None] = []
    for one in every:
        candidate = one.measurement.candidate
        if candidate.model is None or candidate.model not in rates:
            continue
        taken = seconds(one.observation.usage, rates[candidate.model])
        total_seconds += taken
        price = hardware_price(candidate, program)
        time = Quantity.of(Decimal(str(rounded(taken))), "GPU-s")
        money.append(None if price is None else price * time)
    usages = [one.observation.usage for one in every]
    return Account(
        tokens=sum(
            usage.prompt_tokens + usage.completion_tokens + usage.training_tokens
            for usage in usages
        ),
        requests=sum(usage.requests for usage in usages),
        seconds=rounded(total_seconds),
        flops=rounded(sum(usage.flops for usage in usages)),
        money=_sum(money),
    )


def _sum(amounts: list[Quantity | None]) -> Quantity | None:
    known = [amount for amount in amounts if amount is not None]
    currencies = {amount.dimension.currency for amount in known}
    if len(known) < len(amounts) or len(currencies) != 1:
        return None
    total = known[0]
    for amount in known[1:]:
        total += amount
    return total
