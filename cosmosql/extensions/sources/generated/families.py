"""Families of labelling problems: what a text looks like and which class it belongs to.

A recipe draws ``(text, class index)`` and knows nothing about label words. Pre-training fills the
families with open concepts and shuffled label words; the generated tasks fill the same families
with held-out concepts. So a task is new in its labels and its words, not in its grammar.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cosmosql.extensions.sources.generated import grammar
from cosmosql.extensions.sources.generated.lexicon import Concept, Feeling, barred

Groups = Sequence[Sequence[Concept]]
Binary = tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A labelling problem with ``classes`` classes; ``draw`` is pure but for its generator."""

    classes: int
    draw: Callable[[random.Random], tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Whose names and which cities padding may use, and how often it pads."""

    names: tuple[str, ...]
    cities: tuple[str, ...]
    padding: float = 0.45

    def around(self, rng: random.Random, core: str) -> str:
        return grammar.padded(
            rng,
            core,
            opener=self.padding,
            closer=self.padding,
            names=self.names,
            cities=self.cities,
        )


def _two(rng: random.Random, count: int) -> tuple[int, int]:
    """Two different indices below ``count``."""
    i = int(rng.random() * count)
    j = int(rng.random() * (count - 1))
    return i, j + (j >= i)


def topic(
    groups: Groups, *, voice: Voice, aside: float = 0.0, clauses: int = 2, nested: float = 0.0
) -> Recipe:
    """What is the text about; with chance ``aside`` it also sets another class aside.

    Of the texts with something set aside, the share ``nested`` sets two things aside.
    """

    def draw(rng: random.Random) -> tuple[str, int]:
        label = int(rng.random() * len(groups))
        concept = rng.choice(groups[label])
        if rng.random() < aside:
            other = (label + 1 + int(rng.random() * (len(groups) - 1))) % len(groups)
            if nested and rng.random() < nested:
                third = (label + 1 + int(rng.random() * (len(groups) - 1))) % len(groups)
                core = grammar.nested_rejection(
                    rng, rng.choice(groups[other]), rng.choice(groups[third]), concept
                )
            else:
                core = grammar.rejection(rng, rng.choice(groups[other]), concept)
        else:
            core = grammar.clause(rng, concept)
            for _ in range(int(rng.random() * clauses)):
                core += " , " + grammar.clause(rng, concept)
        return voice.around(rng, core), label

    return Recipe(classes=len(groups), draw=draw)


def contrast(groups: Groups, *, voice: Voice, meant: bool = True, nested: float = 0.0) -> Recipe:
    """Two classes are mentioned; the label is the one that is meant (or the one set aside).

    With chance ``nested`` a third class is set aside as well, around or inside the first contrast.
    """

    def draw(rng: random.Random) -> tuple[str, int]:
        i, j = _two(rng, len(groups))
        aside, chosen = rng.choice(groups[i]), rng.choice(groups[j])
        if nested and rng.random() < nested:
            third = rng.choice(groups[rng.choice([g for g in range(len(groups)) if g != j])])
            core = grammar.nested_rejection(rng, aside, third, chosen)
        else:
            core = grammar.rejection(rng, aside, chosen)
        return voice.around(rng, core), j if meant else i

    return Recipe(classes=len(groups), draw=draw)


def order(groups: Groups, *, voice: Voice, first: bool = True, aside: float = 0.0) -> Recipe:
    """Two classes happen one after the other; the label is the first (or the last) in time.

    With chance ``aside`` another event is mentioned that did not happen.
    """

    def draw(rng: random.Random) -> tuple[str, int]:
        i, j = _two(rng, len(groups))
        core = grammar.sequence(rng, rng.choice(groups[i]), rng.choice(groups[j]))
        if aside and rng.random() < aside:
            other = grammar.clause(rng, rng.choice(rng.choice(groups)), declarative=True)
            core = grammar.set_aside(rng, other, core)
        return voice.around(rng, core), i if first else j

    return Recipe(classes=len(groups), draw=draw)


def deeds(groups: Groups, *, voice: Voice, actor: bool = True, aside: float = 0.0) -> Recipe:
    """Somebody did something to somebody; the label is the group of the actor (or of the other).

    With chance ``aside`` another deed is mentioned and set aside.
    """

    def draw(rng: random.Random) -> tuple[str, int]:
        i, j = _two(rng, len(groups))
        core = grammar.deed(rng, rng.choice(groups[i]), rng.choice(groups[j]))
        if aside and rng.random() < aside:
            g, h = _two(rng, len(groups))
            other = grammar.deed(rng, rng.choice(groups[g]), rng.choice(groups[h]))
            core = grammar.set_aside(rng, other, core)
        return voice.around(rng, core), i if actor else j

    return Recipe(classes=len(groups), draw=draw)


_VERDICT_CONTRASTS = barred("""
although A , B|A , but B|B , even though A|despite the fact that A , B|A , however B|
B , never mind that A|i know that A , still , B|while A , the point is that B""")


def sentiment(
    feelings: Sequence[Feeling],
    things: Sequence[str],
    *,
    voice: Voice,
    negate: float = 0.3,
    against: float = 0.4,
) -> Recipe:
    """Praise (0) or blame (1), under negation and against a concession of the other sign."""

    def draw(rng: random.Random) -> tuple[str, int]:
        label = int(rng.random() * 2)
        good = label == 0
        core = grammar.verdict(rng, rng.choice(things), rng.choice(feelings), good, negate)
        if rng.random() < against:
            aside = grammar.verdict(rng, rng.choice(things), rng.choice(feelings), not good, negate)
            core = grammar.fill(rng.choice(_VERDICT_CONTRASTS), {"A": aside, "B": core})
        elif rng.random() < 0.3:
            again = grammar.verdict(rng, rng.choice(things), rng.choice(feelings), good, negate)
            core = f"{core} and {again}"
        return voice.around(rng, core), label

    return Recipe(classes=2, draw=draw)


def aspect(
    feelings: Sequence[Feeling],
    things: Sequence[str],
    *,
    voice: Voice,
    negate: float = 0.15,
) -> Recipe:
    """The text judges two things; the label is the verdict on the one it opens with by name."""

    def draw(rng: random.Random) -> tuple[str, int]:
        label = int(rng.random() * 2)
        i, j = _two(rng, len(things))
        other = label == 0 if rng.random() < 0.25 else label == 1
        asked = grammar.verdict(rng, things[i], rng.choice(feelings), label == 0, negate)
        beside = grammar.verdict(rng, things[j], rng.choice(feelings), other, negate)
        parts = [asked, beside]
        if rng.random() < 0.5:
            parts.reverse()
        joint = rng.choice((" , but ", " , and ", " while ", " . ", " ; "))
        return f"{things[i]} ? " + voice.around(rng, joint.join(parts)), label

    return Recipe(classes=2, draw=draw)


_MODIFIED = barred("""
it is J|mine is J|a J one|the J one , as you know|and all of it is J|it seems J|
this one is J , really|we talk about a J one|J , in short|that makes it J""")


def attributes(
    groups: Groups,
    values: Sequence[Sequence[str]],
    *,
    voice: Voice,
) -> Recipe:
    """The label is the pair (class of the topic, value of the attribute)."""

    def draw(rng: random.Random) -> tuple[str, int]:
        g = int(rng.random() * len(groups))
        v = int(rng.random() * len(values))
        core = grammar.clause(rng, rng.choice(groups[g]))
        extra = grammar.fill(rng.choice(_MODIFIED), {"J": rng.choice(values[v])})
        core = f"{core} , {extra}" if rng.random() < 0.6 else f"{extra} , {core}"
        return voice.around(rng, core), g * len(values) + v

    return Recipe(classes=len(groups) * len(values), draw=draw)


_STATED = barred("""
this is J|we call it J|it is a matter of J|J , they say|it has to do with J|think of J|
there is talk of J|J is the word|put it down as J""")


def levels(
    first: Binary,
    second: Binary,
    background: Sequence[Concept],
    *,
    voice: Voice,
    negate: float = 0.15,
) -> Recipe:
    """Two yes-or-no attributes; the label (0, 1, 2) counts how many of them hold."""

    def draw(rng: random.Random) -> tuple[str, int]:
        level = int(rng.random() * 3)
        holds = [level >= 1, level == 2]
        rng.shuffle(holds)
        parts = [grammar.clause(rng, rng.choice(background))]
        for pair, held in zip((first, second), holds, strict=True):
            negated = rng.random() < negate
            word = rng.choice(pair[0] if held != negated else pair[1])
            parts.append(
                grammar.fill(rng.choice(_STATED), {"J": f"not {word}" if negated else word})
            )
        rng.shuffle(parts)
        return voice.around(rng, " , ".join(parts)), level

    return Recipe(classes=3, draw=draw)


_BELONGS = barred("""
which word goes with X ?|what belongs to X ?|X : what else ?|find the one that fits X|
we have X . which one fits ?""")
_DIFFERS = barred("""
which word does not go with X ?|what does not belong to X ?|X : which is the odd one ?|
find the one that does not fit X|we have X . which one is foreign ?""")


def choose(
    rng: random.Random,
    concepts: Sequence[Concept],
    *,
    options: int = 4,
    odd: float = 0.5,
    by_name: float = 0.0,
) -> tuple[str, list[str], str]:
    """``(question, options, answer)``: the option that fits the words shown, or the odd one out."""
    asked = rng.choice(concepts)
    others = [
        c for c in rng.sample(list(concepts), k=min(len(concepts), options + 1)) if c != asked
    ]
    taken = set(asked.nouns)
    foreign = []
    for concept in others:
        word = rng.choice(concept.nouns)
        if word not in taken:
            taken.add(word)
            foreign.append(word)
    own = rng.sample(asked.nouns, k=min(options + 1, len(asked.nouns)))
    if rng.random() < odd:
        picked = [foreign[0], *own[2 : 1 + options]]
        frame = rng.choice(_DIFFERS)
    else:
        picked = [own[2], *foreign[: options - 1]]
        frame = rng.choice(_BELONGS)
    shown = asked.name if rng.random() < by_name else f"{own[0]} and {own[1]}"
    question = grammar.fill(frame, {"X": shown})
    answer = picked[0]
    rng.shuffle(picked)
    return question, picked, answer


#: ``K`` sends something, ``T`` gets it, ``B`` stands by; ``N`` is the thing, ``L`` the place.
ERRANDS = tuple(
    """K gave the N to T , B was there
K asked B to send the N to T
tell T that the N is with K
T received the N from K , not from B
the N from K is for T , says B
please let T know about the N , K and B agree
B says K brought the N to T in L
K , on behalf of B , wrote to T about the N
for T : the N , with love from K
T got the N that K and B wanted
it was T to whom K handed the N , not B
K mailed T the N from L
hand the N over to T , B , before K leaves
K sold B the house but gave T the N
the N goes to T , K said , and B nodded
B carried the N for K all the way to T
K took the N from B and passed it to T
the N was sent by K to T after B left L""".splitlines()
)


def errand(
    rng: random.Random,
    concepts: Sequence[Concept],
    *,
    role: str,
    names: tuple[str, ...],
    cities: tuple[str, ...],
) -> tuple[str, str]:
    """``(text, answer)`` where the answer is the word that fills ``role`` (K, T or N)."""
    sender, taker, bystander = rng.sample(names, k=3)
    thing = rng.choice(rng.choice(concepts).nouns)
    parts = {"K": sender, "T": taker, "B": bystander, "N": thing, "L": rng.choice(cities)}
    text = grammar.fill(rng.choice(ERRANDS), parts)
    return grammar.padded(rng, text, opener=0.2, closer=0.3, names=names, cities=cities), parts[
        role
    ]


#: Every frame of this module, for whoever needs to know the words that texts are made of.
FRAMES: tuple[str, ...] = (
    *_VERDICT_CONTRASTS,
    *_MODIFIED,
    *_STATED,
    *_BELONGS,
    *_DIFFERS,
    *ERRANDS,
)
