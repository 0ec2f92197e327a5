"""Quantities: a Decimal with a dimension. Money is never a float, and nothing converts silently.

A unit is a product of atoms: `USD`, `GPU-hour` (GPU times hour), `USD/Mtok`, `request/month`.
Two atoms of one dimension merge, so `s/min` is a plain number. Declared lengths: a month is
30 days and a year 365 days, because both only serve to state rates (`requests/month`).
Every currency is a dimension of its own: nothing turns euros into dollars.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Self

from cosmosql.diagnostics.suggest import closest
from cosmosql.unit_table import CURRENCIES, SPELLINGS, Atom

MAXIMUM_DIGITS = 50
_CONTEXT = Context(prec=MAXIMUM_DIGITS)
"""Digits kept where a result is no finite decimal, such as a rate per month told per second."""

MAXIMUM_EXPONENT = 60
"""Quantities are below 10^61 in size, and not nearer to zero than 10^-60 unless zero."""

_NUMBER = re.compile(r"([+-]?)(\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?)(?:[eE]([+-]?\d+))?[ \t]*(.*)", re.S)


class UnknownUnit(ValueError):  # noqa: N818
    """A unit that the language does not have.

    `suggestion` is the whole unit text, corrected, where that is possible; `advice` says what to
    write in any case.
    """

    def __init__(self, unit: str, suggestion: str | None) -> None:
        self.unit = unit
        self.suggestion = suggestion
        if suggestion:
            self.advice = f"did you mean `{suggestion}`?"
        elif "/" in unit:
            self.advice = "to divide, put spaces around `/`: `40 USD / requests`"
        else:
            self.advice = "units are such as `USD`, `min`, `GPU-hours`, `requests`, `GiB` and `%`"
        super().__init__(f"unknown unit `{unit}`; {self.advice}")


class DimensionMismatch(ValueError):  # noqa: N818
    """Two quantities of different dimensions were added, subtracted, compared or converted.

    `left_name` and `right_name` are the dimensions' names, told apart where both are money.
    """

    def __init__(self, left: Dimension, right: Dimension) -> None:
        self.left = left
        self.right = right
        same = left.name == right.name
        self.left_name = left.precise_name if same else left.name
        self.right_name = right.precise_name if same else right.name
        super().__init__(f"{self.left_name} and {self.right_name} have different dimensions")


_DIMENSION_WORDS: Mapping[str, tuple[str, str]] = {
    "operation": ("operations", "operation"),
    "byte": ("bytes", "byte"),
    "token": ("tokens", "token"),
    "request": ("requests", "request"),
    "example": ("examples", "example"),
    "label": ("labels", "label"),
    "difference": ("ratio difference", "ratio difference"),
    "GPU": ("GPUs", "GPU"),
    "time": ("time", "time"),
}
"""Names of the bases that are no currency, as counted and after "per"; in printing order."""

_RANK = {base: rank for rank, base in enumerate(_DIMENSION_WORDS)}


def _rank(base: str) -> tuple[int, str]:
    return _RANK.get(base, -1), base


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a quantity measures: integer exponents over bases, a currency's code being a base.

    No exponents at all is a plain number, called a ratio. `+` and `-` give the dimension of a sum
    or a difference, or raise DimensionMismatch; `*` and `/` combine.
    """

    exponents: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, exponents: Mapping[str, int]) -> Self:
        present = sorted((base for base in exponents if exponents[base]), key=_rank)
        return cls(tuple((base, exponents[base]) for base in present))

    @property
    def currency(self) -> str | None:
        """The currency in it, such as `USD`."""
        return next((base for base, _ in self.exponents if base in CURRENCIES), None)

    @property
    def name(self) -> str:
        """`money`, `GPU time`, `money per request`, `ratio`, `bytes`: what messages and schemas
        say. It names no currency.

        >>> (money("EUR") / GPU_TIME).name, RATIO.name, (BYTES / TIME).name
        ('money per GPU time', 'ratio', 'bytes per time')
        """
        return self._spoken(generic=True)

    @property
    def precise_name(self) -> str:
        """As `name`, with the currency: `USD per request`."""
        return self._spoken(generic=False)

    def _spoken(self, *, generic: bool) -> str:
        if not self.exponents:
            return "ratio"
        powers = dict(self.exponents)
        shared = powers.get("GPU", 0)
        if shared in (1, -1) and powers.get("time") == shared:
            del powers["time"], powers["GPU"]
            powers["GPU time"] = shared

        def spoken(base: str, form: int) -> str:
            if base in CURRENCIES:
                word = "money" if generic else base
            else:
                word = _DIMENSION_WORDS.get(base, (base, base))[form]
            power = abs(powers[base])
            return word if power == 1 else f"{word}^{power}"

        above = [spoken(base, 0) for base, power in powers.items() if power > 0]
        below = [f"per {spoken(base, 1)}" for base, power in powers.items() if power < 0]
        return " ".join([" × ".join(above), *below]).strip()

    def __str__(self) -> str:
        return self.name

    def __mul__(self, other: Dimension) -> Dimension:
        powers = dict(self.exponents)
        for base, power in other.exponents:
            powers[base] = powers.get(base, 0) + power
        return Dimension.of(powers)

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * Dimension(tuple((base, -power) for base, power in other.exponents))

    def __add__(self, other: Dimension) -> Dimension:
        """A ratio and a difference of ratios give a ratio; otherwise both must be equal."""
        if {self, other} == {RATIO, DIFFERENCE}:
            return RATIO
        if self != other:
            raise DimensionMismatch(self, other)
        return self

    def __sub__(self, other: Dimension) -> Dimension:
        """Ratio less ratio is a difference; ratio less difference is a ratio."""
        if self == other:
            return DIFFERENCE if self == RATIO else self
        if (self, other) == (RATIO, DIFFERENCE):
            return RATIO
        raise DimensionMismatch(self, other)


def money(currency: str = "USD") -> Dimension:
    """The dimension of one currency."""
    return Dimension(((currency, 1),))


RATIO = Dimension()
DIFFERENCE = Dimension((("difference", 1),))
TIME = Dimension((("time", 1),))
GPUS = Dimension((("GPU", 1),))
GPU_TIME = GPUS * TIME
TOKENS = Dimension((("token", 1),))
REQUESTS = Dimension((("request", 1),))
EXAMPLES = Dimension((("example", 1),))
LABELS = Dimension((("label", 1),))
BYTES = Dimension((("byte", 1),))
OPERATIONS = Dimension((("operation", 1),))


@dataclass(frozen=True)
class _Unit:
    """A product of atoms, each base at most once; `scale` is what merging left over."""

    powers: tuple[tuple[Atom, int], ...]
    scale: Fraction

    @cached_property
    def factor(self) -> Fraction:
        """How many base units one of it is."""
        result = Fraction(1)
        for atom, power in self.powers:
            result *= atom.factor**power
        return result

    @cached_property
    def dimension(self) -> Dimension:
        return Dimension.of({atom.base: power for atom, power in self.powers if atom.base})

    @cached_property
    def singular(self) -> str:
        return self.text(plural=False)

    def text(self, *, plural: bool) -> str:
        """`GPU-hours`, `USD/GPU-hour`, `requests/month`; a bare denominator is `/s`."""
        above = [atom for atom, power in self.powers for _ in range(power)]
        below = [atom for atom, power in self.powers for _ in range(-power)]
        words = [atom.symbol for atom in above]
        if above and plural:
            words[-1] = above[-1].plural
        text = "-".join(words)
        previous = None
        for atom in below:
            joined = previous == "GPU" and atom.base == "time"
            text += f"{'-' if joined else '/'}{atom.symbol}"
            previous = atom.base
        return text


def _product(factors: Iterable[tuple[Atom, int]]) -> _Unit:
    """Merges atoms of one base into the first of them and drops what cancels.

    `%` survives only where nothing else does.
    """
    first: dict[str, Atom] = {}
    powers: dict[str, int] = {}
    scale = Fraction(1)
    percent = False
    for atom, power in factors:
        if atom.base is None:
            percent = True
            scale *= atom.factor**power
            continue
        chosen = first.setdefault(atom.base, atom)
        scale *= (atom.factor / chosen.factor) ** power
        powers[atom.base] = powers.get(atom.base, 0) + power
    kept = [(first[base], powers[base]) for base in sorted(powers, key=_rank) if powers[base]]
    if percent and not kept:
        one = SPELLINGS["%"]
        return _Unit(((one, 1),), scale / one.factor)
    return _Unit(tuple(kept), scale)


@lru_cache(maxsize=1024)
def _unit(text: str) -> _Unit:
    """The unit that a text such as `USD/GPU-hour` spells. Raises UnknownUnit."""
    factors: list[tuple[Atom, int]] = []
    if text:
        for index, part in enumerate(text.split("/")):
            if index == 0 and not part:
                continue
            for word in part.split("-"):
                if word not in SPELLINGS:
                    raise UnknownUnit(text, _correction(text))
                factors.append((SPELLINGS[word], -1 if index else 1))
    return _product(factors)


def _correction(text: str) -> str | None:
    """The text with each unknown word replaced by its nearest spelling, if all have one."""
    words = re.split(r"([/-])", text)
    for index in range(0, len(words), 2):
        if words[index] not in SPELLINGS:
            nearest = closest(words[index], SPELLINGS)
            if nearest is None:
                return None
            words[index] = nearest
    return "".join(words)


@lru_cache(maxsize=4096)
def split_number(text: str) -> tuple[Decimal, str | None]:
    """A number token's value and unit text (None: no unit). The unit is not looked up.

    Raises ValueError where the text does not start with a number, and where the number is out of
    the range of quantities.

    >>> split_number("1_200_000 requests/month"), split_number("1e-3"), split_number("82%")
    ((Decimal('1200000'), 'requests/month'), (Decimal('0.001'), None), (Decimal('82'), '%'))
    """
    match = _NUMBER.fullmatch(text.strip(" \t"))
    if match is None:
        raise ValueError("this is no number with a unit")
    sign, digits, exponent, unit = match.groups()
    significant = digits.replace("_", "").replace(".", "").strip("0")
    if len(significant) > MAXIMUM_DIGITS or (exponent and len(exponent) > 4):
        raise ValueError("the number is out of range")
    value = _bounded(Decimal(f"{sign}{digits}e{exponent or 0}"))
    return Decimal(_digits(value)), unit or None


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite() or (value and abs(value.adjusted()) > MAXIMUM_EXPONENT):
        raise ValueError("the number is out of range")
    return value


def _digits(value: Decimal) -> str:
    """Plain digits: no exponent, no trailing zeros, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def number_text(value: Decimal) -> str:
    """The canonical text of a number; five digits and more before the point are grouped.

    >>> number_text(Decimal("1.20e6")), number_text(Decimal("2500")), number_text(Decimal("0.10"))
    ('1_200_000', '2500', '0.1')
    """
    whole, point, fraction = _digits(value).partition(".")
    if len(whole.lstrip("-")) > 4:
        whole = f"{int(whole):_}"
    return whole + point + fraction


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number of a unit, such as 40 USD. Make one with `parse` or `of`.

    `==` and hash go by what is measured, `4 GPU-hours == 240 GPU-min`, and quantities of different
    dimensions are unequal; `<`, `<=`, `+`, `-` and `to` raise DimensionMismatch for those.
    Results are exact, or rounded to 50 digits where they are no finite decimal: quotients, and
    what merges units such as `/hour` and `/s`. A result outside the range of quantities raises
    ValueError, a division by zero ZeroDivisionError.
    """

    value: Decimal
    unit: str
    """Canonical, in the singular: `GPU-hour`; empty for a plain number."""
    dimension: Dimension

    @classmethod
    def of(cls, value: Decimal | int, unit: str | None = None) -> Quantity:
        """Raises UnknownUnit, a ValueError.

        >>> str(Quantity.of(6, "GPU-h"))
        '6 GPU-hours'
        """
        return _written(Decimal(value), unit or "")

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """The quantity that a text such as `0.15 USD/Mtok` spells: the inverse of `str`.

        Raises UnknownUnit, or ValueError where the text is no number.
        """
        return cls.of(*split_number(text))

    @property
    def base(self) -> Decimal:
        """The amount in base units: currency units, seconds, GPU-seconds, tokens, requests,
        examples, labels, bytes, operations; a ratio as a plain number (82% is 0.82)."""
        return _base(self.value, self.unit)

    @property
    def _exact(self) -> Fraction:
        return _exact(self.value, self.unit)

    def to(self, unit: str) -> Decimal:
        """The amount in another unit of the same dimension.

        >>> Quantity.parse("90 min").to("hours")
        Decimal('1.5')
        """
        target = _unit(unit)
        self._same(target.dimension)
        return _decimal(self._exact / (target.factor * target.scale))

    def _same(self, dimension: Dimension) -> None:
        if self.dimension != dimension:
            raise DimensionMismatch(self.dimension, dimension)

    def __str__(self) -> str:
        number = number_text(self.value)
        text = _unit(self.unit).text(plural=self.value != 1)
        return f"{number}{'' if text in ('', '%') else ' '}{text}"

    def __mul__(self, other: Quantity | Decimal | int) -> Quantity:
        right = _operand(other)
        unit = _product((*_unit(self.unit).powers, *_unit(right.unit).powers))
        return _quantity(Fraction(self.value) * Fraction(right.value), unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | Decimal | int) -> Quantity:
        right = _operand(other)
        inverse = ((atom, -power) for atom, power in _unit(right.unit).powers)
        unit = _product((*_unit(self.unit).powers, *inverse))
        return _quantity(Fraction(self.value) / Fraction(right.value), unit)

    def __neg__(self) -> Quantity:
        return _quantity(-Fraction(self.value), _unit(self.unit))

    def __add__(self, other: Quantity) -> Quantity:
        result = self.dimension + other.dimension
        unit = self.unit if result == self.dimension else other.unit
        return _quantity_of_base(self._exact + other._exact, _unit(unit))

    def __sub__(self, other: Quantity) -> Quantity:
        """Two bare numbers give a bare number: only written or measured ratios differ by `pp`."""
        result = self.dimension - other.dimension
        bare = self.dimension == other.dimension and not self.unit and not other.unit
        unit = "pp" if result == DIFFERENCE and not bare else self.unit
        return _quantity_of_base(self._exact - other._exact, _unit(unit))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.dimension == other.dimension and self._exact == other._exact

    def __hash__(self) -> int:
        return hash((self.dimension, self._exact))

    def __lt__(self, other: Quantity) -> bool:
        self._same(other.dimension)
        return self._exact < other._exact

    def __le__(self, other: Quantity) -> bool:
        self._same(other.dimension)
        return self._exact <= other._exact


@lru_cache(maxsize=4096)
def _written(value: Decimal, unit: str) -> Quantity:
    """A spec says the same few quantities again and again, and an editor reads it at each key."""
    return _quantity(Fraction(_bounded(value)), _unit(unit))


@lru_cache(maxsize=4096)
def _exact(value: Decimal, unit: str) -> Fraction:
    return Fraction(value) * _unit(unit).factor


@lru_cache(maxsize=4096)
def _base(value: Decimal, unit: str) -> Decimal:
    return _decimal(_exact(value, unit))


def _operand(value: Quantity | Decimal | int) -> Quantity:
    return value if isinstance(value, Quantity) else Quantity.of(value)


def _quantity(amount: Fraction, unit: _Unit) -> Quantity:
    """So much of a unit, the unit's leftover scale taken into the number."""
    value = _bounded(Decimal(_digits(_decimal(amount * unit.scale))))
    return Quantity(value, unit.singular, unit.dimension)


def _quantity_of_base(amount: Fraction, unit: _Unit) -> Quantity:
    return _quantity(amount / (unit.factor * unit.scale), unit)


def canonical_unit(unit: str) -> str:
    """The one spelling of a unit, in the singular. Raises UnknownUnit."""
    return _unit(unit).singular
