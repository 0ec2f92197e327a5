"""How numbers read: every figure of a report or a terminal table is worded here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cosmosql.artifact.plan import Metric, Number, Quantity

PER_REQUEST = "/request"
PER_REQUESTS = ("request", "requests")
SCALES = (
    (Decimal(1), "per request"),
    (Decimal(1000), "per 1,000 requests"),
    (Decimal(10**6), "per million requests"),
    (Decimal(10**9), "per billion requests"),
)
SMALL = Decimal("0.001")
MICRO = Decimal(10**6)
HUGE = Decimal(10**9)
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_DECIMALS = 4
UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A number in words. `text` and `interval` are empty strings where there is nothing to say."""

    text: str
    interval: str
    basis: str
    note: str
    """On how many rows, or why it is unmeasured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyColumn:
    """A column of amounts under one unit and one number of decimals, so that points align."""

    unit: str
    """For the heading; empty where the amounts have several units and each carries its own."""
    factor: Decimal
    decimals: int

    def amount(self, value: Number, unit: str) -> str:
        """One amount, without its unit where the heading has it."""
        if value is None:
            return UNMEASURED
        text = fixed(Decimal(str(value)) * self.factor, self.decimals)
        return text if self.unit else f"{text} {unit}"

    def phrase(self, quantity: Quantity) -> str:
        """One amount within a sentence: `0.21 USD per million requests`."""
        if quantity.value is None:
            return UNMEASURED
        if not self.unit.endswith(PER_REQUESTS) or Decimal(str(quantity.value)) == 0:
            return significant(quantity.value, quantity.unit)
        return f"{significant(str(Decimal(str(quantity.value)) * self.factor))} {self.unit}"

    def worded(self, quantity: Quantity) -> Worded:
        if quantity.value is None:
            return Worded(
                text=UNMEASURED, interval="", basis=UNMEASURED, note=quantity.reason or ""
            )
        low, high = (
            fixed(Decimal(str(bound)) * self.factor, self.decimals)
            for bound in (quantity.low, quantity.high)
        )
        return Worded(
            text=self.amount(quantity.value, quantity.unit),
            interval="" if low == high else f"[{low}, {high}]",
            basis=quantity.basis,
            note="",
        )


def money_column(quantities: Iterable[Quantity]) -> MoneyColumn:
    """The column for these amounts: costs a request are told per so many requests that the
    largest is at least one unit of money, others as they are or, where all are tiny, in
    millionths."""
    known = [item for item in quantities if item.value is not None]
    units = {item.unit for item in known if item.unit}
    amounts = [Decimal(str(item.value)) for item in known]
    if len(units) != 1:
        return MoneyColumn(unit="", factor=Decimal(1), decimals=_decimals(amounts))
    unit = units.pop()
    factor, words = Decimal(1), unit
    if unit.endswith(PER_REQUEST):
        largest = max(amounts)
        enough = (scale for scale in SCALES if largest * scale[0] >= 1)
        factor, per = next(enough, SCALES[-1] if largest else SCALES[0])
        words = f"{unit.removesuffix(PER_REQUEST)} {per}"
    elif 0 < max(amounts) < SMALL:
        factor, words = MICRO, f"10⁻⁶ {unit}"
    scaled = [amount * factor for amount in amounts]
    return MoneyColumn(unit=words, factor=factor, decimals=_decimals(scaled))


def _decimals(amounts: Sequence[Decimal]) -> int:
    """Enough for two digits of the smallest amount that is not zero, and at least two."""
    smallest = min((abs(amount) for amount in amounts if amount), default=Decimal(1))
    return max(2, min(MOST_DECIMALS, 1 - smallest.adjusted()))


def fixed(value: Decimal, decimals: int) -> str:
    """Plain digits with thousands separated; exact zero is `0`.

    >>> fixed(Decimal("1234.5"), 2), fixed(Decimal(0), 2), fixed(Decimal("0.0001"), 2)
    ('1,234.50', '0', '<0.01')
    """
    if value == 0:
        return "0"
    text = f"{value:,.{decimals}f}"
    if Decimal(text.replace(",", "")) == 0:
        return f"<{Decimal(1).scaleb(-decimals):f}"
    return text


def significant(value: Number, unit: str = "") -> str:
    """A single amount at three significant digits, with its unit.

    >>> significant("0.00131", "USD"), significant(1.6234, "min"), significant(12345.0)
    ('0.00131 USD', '1.62 min', '12,345')
    >>> significant(1.234e15, "FLOP")
    '1.23 × 10¹⁵ FLOP'
    """
    if value is None:
        return UNMEASURED
    number = Decimal(str(value))
    if abs(number) >= HUGE:
        power = str(number.adjusted()).translate(SUPERSCRIPT)
        return f"{number.scaleb(-number.adjusted()):.2f} × 10{power} {unit}".strip()
    decimals = max(0, 2 - number.adjusted()) if number else 0
    text = f"{number:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}".strip()


def percent(value: float) -> str:
    """A share of one as a percentage with one decimal.

    >>> percent(0.8342)
    '83.4 %'
    """
    return f"{100 * value:.1f} %"


def whole_percent(value: float) -> str:
    """A share of one as a whole percentage, told apart from none and all.

    >>> whole_percent(0.931), whole_percent(0.999), whole_percent(1.0), whole_percent(0.001)
    ('93 %', '>99 %', '100 %', '<1 %')
    """
    if 0 < value < 0.01:
        return "<1 %"
    if 0.99 < value < 1:
        return ">99 %"
    return f"{100 * value:.0f} %"


def worded_metric(metric: Metric) -> Worded:
    if metric.value is None or metric.low is None or metric.high is None:
        return Worded(text=UNMEASURED, interval="", basis=UNMEASURED, note=metric.reason or "")
    return Worded(
        text=percent(metric.value),
        interval=f"[{100 * metric.low:.1f}, {100 * metric.high:.1f}]",
        basis=metric.basis,
        note=f"n = {metric.n:,}" if metric.n else "",
    )


def plural(count: int, noun: str) -> str:
    """
    >>> plural(1, "row"), plural(2400, "row")
    ('1 row', '2,400 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
