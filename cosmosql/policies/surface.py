"""What a question looks like: cheap counts that need no model, the same on every task."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cosmosql.contracts.policy import Array, Question

READ = 2000
"""Characters of a question that are read: this many in all, half from either end. It bounds the
time of a decision."""

SURFACE = (
    "characters",
    "words",
    "word_length",
    "digits",
    "capitals",
    "symbols",
    "blank",
    "asks",
    "lines",
    "statements",
    "negation",
    "formula",
    "sentences",
    "quotes",
    "options",
    "options_characters",
    "options_longest",
    "options_spread",
    "options_digits",
    "options_compound",
    "overlap",
)
"""Names of the features, in the order of `surface`."""

DIGITS = b"0123456789"
CAPITALS = bytes(range(65, 91))
PLAIN = bytes(range(97, 123)) + CAPITALS + DIGITS + b" \n\t.,;:?!'\"()-"

NEGATIONS = frozenset({"not", "except", "never", "least", "false", "incorrect"})

COMPOUNDING = frozenset({"all", "none", "both", "neither", "either", "i", "ii"})
"""One of these words is in whatever `_COMPOUND` finds."""

_WORD = re.compile(r"\w+")
_BREAKS = {code: " " for code in range(128) if not _WORD.match(chr(code))}
_COMPOUND = re.compile(
    r"\b(?:all|none|both|neither|either) of\b|\ball the above\b|\b(?:i|ii) only\b"
)
_LISTED = re.compile(r"^\s*\(?([A-Za-z0-9])[.):]\s+(.*)$", re.MULTILINE)


def read(text: str) -> str:
    """The part of a text that is read."""
    half = READ // 2
    return text if len(text) <= READ else text[:half] + " " + text[-half:]


def words_of(text: str) -> list[str]:
    """Runs of letters, digits and underscores, in order."""
    # Most text is ASCII, where this takes a sixth of the time of the expression.
    return text.translate(_BREAKS).split() if text.isascii() else _WORD.findall(text)


def parts(question: Question) -> tuple[str, tuple[str, ...]]:
    """The question and its options in words. Options that are mere letters are looked up in the
    text, where they head lines: `A. Paris`."""
    text = question.text
    options = question.options
    if options and max(map(len, options)) <= 1:
        listed = dict(_LISTED.findall(text))
        if all(option in listed for option in options):
            head = _LISTED.search(text)
            text = text[: head.start()] if head is not None else text
            options = tuple(listed[option] for option in options)
    return read(text), tuple(read(option) for option in options)


def surface(question: Question) -> list[float]:
    """The features of one question, each of the order of one."""
    text, options = parts(question)
    lowered = text.lower()
    words = words_of(lowered)
    distinct = set(words)
    raw = text.encode("utf-8", "replace")
    size = max(len(raw), 1)
    joined = " ".join(options)
    chosen = joined.encode("utf-8", "replace")
    offered = joined.lower()
    named = set(words_of(offered))
    compound = not named.isdisjoint(COMPOUNDING) and _COMPOUND.search(offered) is not None
    lengths = [len(option) for option in options] or [0]
    mean = sum(lengths) / len(lengths)
    spread = math.sqrt(sum((length - mean) ** 2 for length in lengths) / len(lengths))
    return [
        math.log1p(len(text)),
        math.log1p(len(words)),
        len("".join(words)) / max(len(words), 1) / 5,
        math.sqrt(_share(raw, DIGITS, size)),
        math.sqrt(_share(raw, CAPITALS, size)),
        math.sqrt(len(raw.translate(None, PLAIN)) / size),
        float("__" in text),
        float("?" in text),
        math.log1p(text.count("\n")),
        float("statement 1" in lowered or "statement i" in lowered),
        float(not distinct.isdisjoint(NEGATIONS)),
        float("$" in text or "\\" in text or "=" in text),
        math.log1p(text.count(". ")),
        float('"' in text or "“" in text),
        math.log1p(len(options)),
        math.log1p(sum(lengths)),
        math.log1p(max(lengths)),
        math.log1p(spread),
        math.sqrt(_share(chosen, DIGITS, max(len(chosen), 1))),
        float(compound),
        len(distinct & named) / 5,
    ]


@lru_cache(maxsize=64)
def surface_of(question: Question) -> Array:
    """The same as an array, computed once however often a rule looks at the question."""
    return np.array(surface(question))


def surfaces(questions: Sequence[Question]) -> Array:
    """Features of shape (questions, len(SURFACE))."""
    return np.array([surface(question) for question in questions]).reshape(-1, len(SURFACE))


def _share(raw: bytes, letters: bytes, size: int) -> float:
    return (len(raw) - len(raw.translate(None, letters))) / size
