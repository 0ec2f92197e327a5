"""The words that units are made of: every spelling with its dimension's base and its size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_ISO_4217 = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
    VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_ISO_4217.split())
"""Codes of ISO 4217; each is a base of its own."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One unit word. `base` is None for the dimensionless `%`."""

    symbol: str
    plural: str
    base: str | None
    factor: Fraction


def _atoms() -> dict[str, Atom]:
    """Every accepted spelling with its atom."""
    table: dict[str, Atom] = {}

    def add(base: str | None, factor: Fraction | int, symbol: str, *others: str) -> None:
        """The first of `others` that is the symbol with an s is how more than one is written."""
        plural = symbol + "s" if symbol + "s" in others else symbol
        atom = Atom(symbol, plural, base, Fraction(factor))
        for spelling in (symbol, *others):
            table[spelling] = atom

    for currency in sorted(CURRENCIES):
        add(currency, 1, currency)
    add(None, Fraction(1, 100), "%")
    add("difference", Fraction(1, 100), "pp")
    add("time", Fraction(1, 10**6), "us")
    add("time", Fraction(1, 1000), "ms")
    add("time", 1, "s", "sec", "second", "seconds")
    add("time", 60, "min", "minute", "minutes")
    add("time", 3600, "hour", "hours", "h")
    add("time", 86_400, "day", "days", "d")
    add("time", 30 * 86_400, "month", "months")
    add("time", 365 * 86_400, "year", "years")
    add("GPU", 1, "GPU", "GPUs")
    add("token", 1, "tok", "token", "tokens")
    add("token", 1000, "ktok")
    add("token", 10**6, "Mtok")
    add("request", 1, "request", "requests")
    add("example", 1, "example", "examples")
    add("example", 1, "row", "rows")
    add("label", 1, "label", "labels")
    add("byte", 1, "B", "byte", "bytes")
    for power, (decimal, binary) in enumerate(
        [("KB", "KiB"), ("MB", "MiB"), ("GB", "GiB"), ("TB", "TiB")], start=1
    ):
        add("byte", 1000**power, decimal)
        add("byte", 1024**power, binary)
    for power, prefix in ((0, ""), (3, "G"), (4, "T"), (5, "P")):
        add("operation", 1000**power, f"{prefix}FLOP")
    return table


SPELLINGS = _atoms()
