"""Did-you-mean: the nearest of some known words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TypedDict

from cosmosql.diagnostics.diagnostic import Fix
from cosmosql.source import Span

NEAR = 0.7
"""Least similarity (twice the matching characters over all characters) of a suggestion."""


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that the writer of `word` most likely meant; None where nothing is near.

    A difference in case alone wins over everything else; ties go to the first in sorted order.

    >>> closest("acuracy", ["macro_f1", "accuracy"]), closest("usd", ["USD", "us"])
    ('accuracy', 'USD')
    >>> closest("x", ["accuracy"]) is None
    True
    """
    best: str | None = None
    best_score = NEAR
    lowered = word.lower()
    matcher = SequenceMatcher(a="", b=lowered, autojunk=False)
    for candidate in sorted(set(candidates)):
        if candidate.lower() == lowered:
            return candidate
        matcher.set_seq1(candidate.lower())
        if matcher.real_quick_ratio() < best_score or matcher.quick_ratio() < best_score:
            continue
        score = matcher.ratio()
        if score > best_score or (best is None and score == best_score):
            best, best_score = candidate, score
    return best


class Correction(TypedDict):
    """The help and the fix of a diagnostic."""

    help: str | None
    fix: Fix | None


def correction(
    span: Span, known: Iterable[str], otherwise: str | None = None, *, word: str | None = None
) -> Correction:
    """Did-you-mean for the word at a span, as help and as fix; `otherwise` is the help where
    nothing is near. A `word` that is not what the span says (a constant's value) has no fix.

    >>> from cosmosql.source import Source
    >>> correction(Span(Source("a", "acuracy"), 0, 7), ["accuracy"])["help"]
    'did you mean `accuracy`?'
    """
    text = span.text
    word = text if word is None else word
    nearest = closest(word, known)
    if nearest is None:
        return {"help": otherwise, "fix": None}
    written = {word: nearest, f'"{word}"': f'"{nearest}"'}.get(text)
    return {
        "help": f"did you mean `{nearest}`?",
        "fix": None if written is None else Fix(span, written),
    }
