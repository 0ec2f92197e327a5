"""The words that have a colour, sorted by what they are, and the patterns of the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from cosmosql.schema.builtin import BUILTIN
from cosmosql.schema.fields import Field
from cosmosql.schema.functions import FUNCTIONS
from cosmosql.schema.kinds import KINDS
from cosmosql.schema.measures import MEASURES
from cosmosql.schema.registry import extension
from cosmosql.syntax.productions import alternatives, grammar, literals
from cosmosql.unit_table import SPELLINGS

ALLOWED = r"allow[ \t]+[A-Za-z]\d+(?:[ \t]*,[ \t]*[A-Za-z]\d+)*"
"""What a comment says to silence warnings: `# allow W0603: contract fixed until June`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Words by role. Extensions of other packages are not among them: what is generated is the
    same in every environment."""

    clauses: Mapping[str, tuple[str, ...]]
    """The words that open a clause, each with those that may follow inside it."""
    constants: tuple[str, ...]
    kinds: tuple[str, ...]
    implementations: tuple[str, ...]
    """What may stand after `using`."""
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    """Measures and metrics."""
    choices: tuple[str, ...]
    """Words that an attribute of few values takes: `local`, `majority`."""
    functions: tuple[str, ...]
    units: tuple[str, ...]
    name: str
    """The pattern of a name."""
    magnitude: str
    """The pattern of a number without its unit."""
    unit: str
    """The pattern of whatever stands where a unit may."""


@cache
def vocabulary() -> Vocabulary:
    """The words of the grammar, the schema, the built-in extensions and the table of units."""
    rules, patterns = grammar().rules, grammar().patterns
    clauses: dict[str, tuple[str, ...]] = {}
    for rule in alternatives("clause"):
        found = tuple(dict.fromkeys(word for word in literals(rules[rule]) if word.isalpha()))
        # Either word opens an objective, and neither stands inside one.
        heads = found if rule == "objective" else found[:1]
        clauses.update(dict.fromkeys(heads, found[len(heads) :]))
    extensions = [extension(kind, name) for kind, name, _ in BUILTIN]
    fields = [field for kind in KINDS.values() for field in kind.fields]
    fields += [item for kind in KINDS.values() for part in kind.sections for item in part.fields]
    fields += [field for item in extensions for field in item.options]
    metrics = [item.name for item in extensions if item.kind == "metric"]
    plugged = [item.name for item in extensions if item.kind in KINDS]
    plugged += [word for kind in KINDS.values() for word in kind.words]
    magnitude, separator, unit = patterns["NUMBER"].partition(r"(?:[ \t]*")
    if not separator or not unit.endswith(")?"):
        raise ValueError("the grammar writes a number in another way than magnitude and unit")
    return Vocabulary(
        clauses=clauses,
        constants=tuple(literals(rules["boolean"])),
        kinds=tuple(KINDS),
        implementations=_words(
            [*plugged, *(word for kind in KINDS.values() for word in kind.words)]
        ),
        attributes=_words(field.name for field in fields),
        measures=_words([*MEASURES, *metrics]),
        choices=_words(word for field in fields for word in _choices(field)),
        functions=tuple(FUNCTIONS),
        units=_words(SPELLINGS),
        name=patterns["NAME"],
        # Atomic, or `1e3` could be read as `1` with a unit.
        magnitude=f"(?>{magnitude})",
        unit=unit.removesuffix(")?"),
    )


def _choices(field: Field) -> Iterable[str]:
    return (word for word in field.choices if word.isidentifier())


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def one_of(words: Iterable[str]) -> str:
    """A group that matches one of the words, the longest that fits."""
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))})"


def joining(words: Iterable[str]) -> str:
    """A pattern of the words that join the parts of a clause, where they do: before an operand.
    Elsewhere the same letters are a name, such as a metric called `confidence`."""
    return rf"(?<!\.)\b{one_of(words)}\b(?=[ \t]+(?:[A-Za-z0-9_\"(\[]|-[^ \t]))"


def known_unit(words: Vocabulary) -> str:
    """A pattern of the units that exist: words of the table, joined by `-` and `/`."""
    word = one_of(words.units)
    return rf"{word}(?:[-/]{word})*(?![A-Za-z0-9_]|[-/][A-Za-z])"


def next_declaration(words: Vocabulary) -> str:
    """A lookahead for the line that opens another declaration: two words, or a word and a text, in
    column 0. No item but a clause looks like that, so it ends what an open bracket would swallow.
    """
    return rf"(?=^(?!{one_of(words.clauses)}\b){words.name}[ \t]+[A-Za-z_\"])"
