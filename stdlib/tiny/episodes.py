"""What the tiny family reads in pre-training: rows of token ids with a weight per target.

Most rows are *episodes*: an optional header of labels and then ``input => label`` lines of one
randomly made labelling problem, so that one row trains every number of demonstrations at once.
Short rows hold one to three queries, mostly under meaningful labels, so that answering without
demonstrations is learned as well. The rest is plain text, the only place (with arbitrary labels)
where held-out concepts are met.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import vocabulary

from cosmosql.extensions.sources.generated import families, grammar, lexicon
from cosmosql.extensions.sources.generated.families import Recipe, Voice
from cosmosql.extensions.sources.generated.lexicon import Concept
from cosmosql.extensions.sources.generated.tasks import SECTIONS

LABEL, AFTER_LABEL, TEXT = 1.0, 0.1, 0.12
FIRST_MEANINGFUL, FIRST_ARBITRARY = 3.0, 0.3
TEXT_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``ids`` of one row; ``weights[t]`` is the weight of predicting ``ids[t + 1]`` after ``t``."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One labelling problem: ``draw`` gives (input, answer); free answers have no ``labels``."""

    draw: Callable[[random.Random], tuple[str, str]]
    labels: tuple[str, ...]
    meaningful: bool


_NEWLINE = "<newline>"


class Encoder:
    """Token ids of generated text without the tokenizer's overhead, and equal to its ids."""

    def __init__(self) -> None:
        self._ids = {token: i for i, token in enumerate(vocabulary.entries())}
        self._spelled: dict[str, tuple[int, ...]] = {}

    def __call__(self, text: str) -> list[int]:
        out: list[int] = []
        known = self._ids
        for token in text.replace("\n", f" {_NEWLINE} ").split():
            i = known.get("\n" if token == _NEWLINE else token)
            if i is None:
                out.extend(self._spell(token))
            else:
                out.append(i)
        return out

    def _spell(self, word: str) -> tuple[int, ...]:
        if word not in self._spelled:
            pieces: list[int] = []
            start = 0
            while start < len(word):
                for end in range(len(word), start, -1):
                    piece = ("##" if start else "") + word[start:end]
                    if piece in self._ids:
                        pieces.append(self._ids[piece])
                        start = end
                        break
            self._spelled[word] = tuple(pieces)
        return self._spelled[word]


_OPEN = lexicon.OPEN_CONCEPTS
_HELD_OUT = lexicon.HELD_OUT_CONCEPTS
_PEOPLE = ("trades", "crew")
_DOMAINS: dict[str, list[Concept]] = {}
for _concept in _OPEN:
    _DOMAINS.setdefault(_concept.domain, []).append(_concept)
_HELD_OUT_DOMAINS: dict[str, list[Concept]] = {}
for _concept in _HELD_OUT:
    _HELD_OUT_DOMAINS.setdefault(_concept.domain, []).append(_concept)
_WORDS = vocabulary.words()
_OPEN_FEELINGS = tuple(f for f in lexicon.FEELINGS if not f.held_out)
_HELD_OUT_FEELINGS = tuple(f for f in lexicon.FEELINGS if f.held_out)
_POLES = tuple(
    lexicon.spaced(pair)
    for pair in lexicon.barred("""
good bad|positive negative|great awful|happy sad|praise blame|like dislike|fine poor|love hate|
best worse|right wrong|yes no|win fail""")
)
_LEVEL_NAMES = tuple(
    lexicon.spaced(names)
    for names in lexicon.barred(
        "none one both|zero half full|green yellow red|no maybe yes|small large huge"
    )
)
_OPEN_BINARIES = tuple((right, wrong) for _, right, _, wrong in lexicon.CONTRASTS)
_HELD_OUT_BINARIES = (
    (lexicon.SOON, lexicon.LATER),
    (lexicon.SEVERE, lexicon.MILD),
    *((right, wrong) for _, right, _, wrong in lexicon.HELD_OUT_CONTRASTS),
)


def _voice(rng: random.Random) -> Voice:
    return Voice(
        names=lexicon.NAMES,
        cities=lexicon.CITIES,
        padding=rng.choice((0.0, 0.3, 0.3, 0.45)),
    )


def _arbitrary(rng: random.Random, count: int) -> tuple[str, ...]:
    return tuple(rng.sample(_WORDS, count))


def _labelled(recipe: Recipe, labels: tuple[str, ...], meaningful: bool) -> Problem:
    def draw(rng: random.Random) -> tuple[str, str]:
        text, index = recipe.draw(rng)
        return text, labels[index]

    return Problem(draw=draw, labels=labels, meaningful=meaningful)


def _groups(
    rng: random.Random, most: int, meaningful: bool
) -> tuple[list[list[Concept]], tuple[str, ...]]:
    """Classes of concepts and their labels: names when ``meaningful``, else random words."""
    count = rng.randint(2, max(2, most))
    if rng.random() < 0.5:
        count = min(count, 6)
    if meaningful and rng.random() < 0.12:
        chosen = rng.sample(sorted(_DOMAINS), min(count, len(_DOMAINS)))
        return [_DOMAINS[name] for name in chosen], tuple(chosen)
    held_out = not meaningful and rng.random() < 0.45
    domains = _HELD_OUT_DOMAINS if held_out else _DOMAINS
    pool: list[Concept] = []
    if rng.random() < 0.6:
        names = sorted(domains)
        rng.shuffle(names)
        for name in names:
            pool.extend(domains[name])
            if len(pool) >= count:
                break
    else:
        pool = list(_HELD_OUT if held_out else _OPEN)
    rng.shuffle(pool)
    size = 1 if meaningful or rng.random() < 0.6 else rng.choice((2, 2, 3))
    count = max(2, min(count, len(pool) // size))
    groups = [pool[i * size : (i + 1) * size] for i in range(count)]
    if meaningful:
        return groups, tuple(group[0].name for group in groups)
    return groups, _arbitrary(rng, count)


def _topic(rng: random.Random, most: int, meaningful: bool) -> Problem:
    groups, labels = _groups(rng, most, meaningful)
    recipe = families.topic(
        groups,
        voice=_voice(rng),
        aside=rng.choice((0.0, 0.0, 0.2, 0.4)),
        clauses=rng.choice((1, 2, 3)),
    )
    return _labelled(recipe, labels, meaningful)


def _contrast(rng: random.Random, most: int, meaningful: bool) -> Problem:
    groups, labels = _groups(rng, min(most, 8), meaningful)
    meant = meaningful or rng.random() < 0.85
    return _labelled(families.contrast(groups, voice=_voice(rng), meant=meant), labels, meaningful)


def _order(rng: random.Random, most: int, meaningful: bool) -> Problem:
    groups, labels = _groups(rng, min(most, 6), meaningful)
    recipe = families.order(groups, voice=_voice(rng), first=rng.random() < 0.7)
    return _labelled(recipe, labels, meaningful)


def _deeds(rng: random.Random, most: int, meaningful: bool) -> Problem:
    trades = _DOMAINS["trades"]
    crew = _HELD_OUT_DOMAINS["crew"]
    pool = list(trades if meaningful else rng.choice((trades, crew, trades + crew)))
    rng.shuffle(pool)
    groups = [[concept] for concept in pool[: rng.randint(2, min(6, max(2, most), len(pool)))]]
    labels = (
        tuple(group[0].name for group in groups) if meaningful else _arbitrary(rng, len(groups))
    )
    recipe = families.deeds(groups, voice=_voice(rng), actor=rng.random() < 0.75)
    return _labelled(recipe, labels, meaningful)


def _things(rng: random.Random) -> list[str]:
    nouns = [rng.choice(concept.nouns) for concept in rng.sample(_OPEN + _HELD_OUT, 3)]
    return nouns + list(rng.choice(_OPEN).nouns[:4])


def _feelings(rng: random.Random, meaningful: bool) -> list[lexicon.Feeling]:
    pool = _OPEN_FEELINGS if meaningful or rng.random() < 0.4 else _HELD_OUT_FEELINGS
    return rng.sample(pool, rng.randint(1, 3))


def _poles(rng: random.Random, meaningful: bool) -> tuple[str, ...]:
    return rng.choice(_POLES) if meaningful else _arbitrary(rng, 2)


def _sentiment(rng: random.Random, most: int, meaningful: bool) -> Problem:
    recipe = families.sentiment(
        _feelings(rng, meaningful),
        _things(rng),
        voice=_voice(rng),
        negate=rng.choice((0.0, 0.2, 0.4)),
        against=rng.choice((0.0, 0.3, 0.6)),
    )
    return _labelled(recipe, _poles(rng, meaningful), meaningful)


def _aspect(rng: random.Random, most: int, meaningful: bool) -> Problem:
    recipe = families.aspect(_feelings(rng, meaningful), _things(rng), voice=_voice(rng))
    return _labelled(recipe, _poles(rng, meaningful), meaningful)


def _attributes(rng: random.Random, most: int, meaningful: bool) -> Problem:
    left, lefts, right, rights = rng.choice(lexicon.CONTRASTS)
    if rng.random() < 0.3 or most < 4:
        recipe = families.attributes(
            [rng.sample(_OPEN + _HELD_OUT, 5)], (lefts, rights), voice=_voice(rng)
        )
        labels = (left, right) if meaningful else _arbitrary(rng, 2)
        return _labelled(recipe, labels, meaningful)
    groups, names = _groups(rng, 2, meaningful)
    if meaningful:
        labels = tuple(f"{value} {name}" for name in names for value in (left, right))
    else:
        labels = _arbitrary(rng, 4)
        if rng.random() < 0.5:
            lefts, rights = rng.choice(_HELD_OUT_BINARIES)
    recipe = families.attributes(groups, (lefts, rights), voice=_voice(rng))
    return _labelled(recipe, labels, meaningful)


def _levels(rng: random.Random, most: int, meaningful: bool) -> Problem:
    pool = _OPEN_BINARIES if meaningful or rng.random() < 0.3 else _HELD_OUT_BINARIES
    first, second = rng.sample(pool, 2)
    recipe = families.levels(
        first, second, rng.sample(_OPEN + _HELD_OUT, 5), voice=_voice(rng), negate=0.15
    )
    names = rng.choice(_LEVEL_NAMES) if meaningful else _arbitrary(rng, 3)
    return _labelled(recipe, names, meaningful)


def _clusters(rng: random.Random, most: int, meaningful: bool) -> Problem:
    """Random words that have nothing in common but their label: pure look-up."""
    count = rng.randint(2, min(most, 6))
    size = rng.choice((1, 2, 2, 4))
    groups = [rng.sample(_WORDS, size) for _ in range(count)]
    shown = min(size, rng.choice((1, 1, 2)))
    beside = rng.choice((0, 0, 1, 3))

    def draw(rng: random.Random) -> tuple[str, int]:
        index = int(rng.random() * count)
        drawn = rng.sample(groups[index], shown) + rng.sample(_WORDS, beside)
        rng.shuffle(drawn)
        return " ".join(drawn), index

    return _labelled(Recipe(classes=count, draw=draw), _arbitrary(rng, count), False)


def _choice(rng: random.Random, most: int, meaningful: bool) -> Problem:
    pool = _OPEN if rng.random() < 0.75 else _OPEN + _HELD_OUT
    odd = rng.choice((0.0, 0.5, 0.5, 1.0))
    by_name = rng.choice((0.0, 0.0, 0.5)) if pool is _OPEN else 0.0

    def draw(rng: random.Random) -> tuple[str, str]:
        question, options, answer = families.choose(rng, pool, odd=odd, by_name=by_name)
        return f"{question} options : {' , '.join(options)}", answer

    return Problem(draw=draw, labels=(), meaningful=True)


def _errand(rng: random.Random, most: int, meaningful: bool) -> Problem:
    role = rng.choice("TTTKN")

    def draw(rng: random.Random) -> tuple[str, str]:
        return families.errand(rng, _OPEN, role=role, names=lexicon.NAMES, cities=lexicon.CITIES)

    return Problem(draw=draw, labels=(), meaningful=role == "T")


#: Each family with its share in broad training and in training on composition.
_FAMILIES: tuple[tuple[Callable[[random.Random, int, bool], Problem], float, float], ...] = (
    (_topic, 0.30, 0.20),
    (_contrast, 0.13, 0.17),
    (_order, 0.08, 0.11),
    (_deeds, 0.07, 0.10),
    (_sentiment, 0.10, 0.10),
    (_aspect, 0.06, 0.08),
    (_attributes, 0.07, 0.07),
    (_levels, 0.05, 0.06),
    (_choice, 0.06, 0.05),
    (_errand, 0.05, 0.04),
    (_clusters, 0.03, 0.02),
)
_MAKERS = tuple(maker for maker, _, _ in _FAMILIES)
_BROAD = tuple(share for _, share, _ in _FAMILIES)
_COMPOSED = tuple(share for _, _, share in _FAMILIES)


def _lookup(rng: random.Random, most: int) -> Problem:
    """The easiest problem that the context alone can solve: short texts, arbitrary labels."""
    if rng.random() < 0.5:
        return _clusters(rng, most, False)
    groups, labels = _groups(rng, most, False)
    voice = Voice(names=lexicon.NAMES, cities=lexicon.CITIES, padding=0.0)
    return _labelled(families.topic(groups, voice=voice, clauses=1), labels, False)


def problem(
    rng: random.Random, *, most: int, meaningful: float, lookup: float, composed: bool = False
) -> Problem:
    """A random labelling problem of at most ``most`` labels, plain look-up at the given chance."""
    if rng.random() < lookup:
        return _lookup(rng, most)
    maker = rng.choices(_MAKERS, _COMPOSED if composed else _BROAD)[0]
    return maker(rng, most, rng.random() < meaningful)


class RowMaker:
    """Rows of exactly or at most ``length`` tokens, a pure function of the generator given."""

    def __init__(self) -> None:
        self._encode = Encoder()
        ids = {token: i for i, token in enumerate(vocabulary.entries())}
        self._bos, self._newline = ids["<s>"], ids["\n"]

    def episode(
        self,
        rng: random.Random,
        length: int,
        *,
        most: int,
        meaningful: float,
        lookup: float,
        composed: bool = False,
    ) -> Row:
        """One problem, as many examples as fit; the last may be cut off."""
        task = problem(rng, most=most, meaningful=meaningful, lookup=lookup, composed=composed)
        return self._render(rng, task, length, 10_000)

    def short(self, rng: random.Random, length: int, *, most: int, composed: bool = False) -> Row:
        """One problem with one query, or with two or three."""
        queries = rng.choice((1, 1, 1, 2, 3))
        task = problem(rng, most=most, meaningful=0.85, lookup=0.0, composed=composed)
        return self._render(rng, task, length, queries)

    def _render(self, rng: random.Random, task: Problem, length: int, queries: int) -> Row:
        encode = self._encode
        ids = [self._bos]
        weights: list[float] = []
        header = bool(task.labels) and rng.random() < 0.88
        if header:
            shown = list(task.labels)
            if rng.random() < 0.7:
                rng.shuffle(shown)
            self._add(rng, ids, weights, encode("labels : " + " , ".join(shown)))
            self._add(rng, ids, weights, [self._newline])
        before, after = rng.choices(
            (("", "=>"), ("text :", "\n label :"), ("input :", "\n output :"), ("", "label :")),
            (0.85, 0.05, 0.05, 0.05),
        )[0]
        first = FIRST_MEANINGFUL if task.meaningful else FIRST_ARBITRARY
        noise = rng.choice((0.0, 0.0, 0.05, 0.1)) if task.labels and queries > 3 else 0.0
        done = 0
        while len(ids) <= length and done < queries:
            text, answer = task.draw(rng)
            if noise and rng.random() < noise:
                answer = rng.choice(task.labels)
            self._add(rng, ids, weights, encode(f"{before} {text} {after}".strip()))
            said = encode(answer)
            ids.extend(said)
            weights.extend([first if done == 0 else LABEL] * len(said))
            ids.append(self._newline)
            weights.append(AFTER_LABEL)
            done += 1
        return Row(ids=ids[: length + 1], weights=weights[:length])

    def plain(self, rng: random.Random, length: int) -> Row:
        """Sentences, about one concept for a while, with its name among its words."""
        ids = [self._bos]
        weights: list[float] = []
        while len(ids) <= length:
            for text in _paragraph(rng):
                self._add(rng, ids, weights, self._encode(text))
            self._add(rng, ids, weights, [self._newline])
        return Row(ids=ids[: length + 1], weights=weights[:length])

    @staticmethod
    def _add(rng: random.Random, ids: list[int], weights: list[float], more: list[int]) -> None:
        ids.extend(more)
        weights.extend([TEXT if rng.random() < TEXT_SHARE else 0.0 for _ in more])


def _paragraph(rng: random.Random) -> list[str]:
    kind = rng.random()
    if kind < 0.15:
        feeling = rng.choice(lexicon.FEELINGS)
        good = rng.random() < 0.5
        name = rng.choice(
            (["satisfied", "plus"] if good else ["upset", "minus"])
            if feeling.held_out
            else [pair[0 if good else 1] for pair in _POLES]
        )
        things = _things(rng)
        said = [grammar.verdict(rng, rng.choice(things), feeling, good, 0.1) for _ in range(3)]
        return [f"{said[0]} , {name} , {said[1]} . {said[2]} . {name} ."]
    if kind < 0.22:
        names, binary = rng.choice(_HELD_OUT_NAMED)
        side = int(rng.random() * 2)
        words = rng.sample(list(binary[side]), 3)
        return [f"{words[0]} , {names[side]} , {words[1]} , {words[2]} ."]
    if kind < 0.30:
        word = rng.choice(_WORDS)
        ending = rng.choice(vocabulary.SUFFIXES)
        return [f"{word} {word}{ending} {rng.choice(_WORDS)} {rng.randrange(3000)} ."]
    if kind < 0.38:
        name, members = rng.choice(sorted(SECTIONS.items()))
        concept = _BY_NAME[rng.choice(members)]
    else:
        concept = rng.choice(_HELD_OUT if rng.random() < 0.5 else _OPEN)
        name = concept.name
    named = Concept(
        name=name,
        domain=concept.domain,
        nouns=(*concept.nouns, name, name),
        verbs=concept.verbs,
        held_out=concept.held_out,
    )
    said = [grammar.padded(rng, grammar.clause(rng, named), opener=0.1, closer=0.1)]
    said += [grammar.clause(rng, named) for _ in range(rng.randint(1, 3))]
    return [f"{text} ." for text in said]


_HELD_OUT_NAMED = (
    (("high", "low"), (lexicon.SOON, lexicon.LATER)),
    (("high", "low"), (lexicon.SEVERE, lexicon.MILD)),
    *(((a, c), (b, d)) for a, b, c, d in lexicon.CONTRASTS + lexicon.HELD_OUT_CONTRASTS),
)
_BY_NAME = {concept.name: concept for concept in _OPEN + _HELD_OUT}
