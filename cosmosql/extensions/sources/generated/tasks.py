"""The generated tasks: rows with known answers over held-out concepts, deterministic for ever.

Row ``i`` of ``(name, seed)`` depends on nothing else, so asking for more rows never changes the
rows already seen. Labels carry a stated rate of noise, since a task that can be solved without
error would show no difference between strategies.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cosmosql.extensions.sources.generated import families
from cosmosql.extensions.sources.generated.families import Recipe, Voice
from cosmosql.extensions.sources.generated.grammar import tidy
from cosmosql.extensions.sources.generated.lexicon import (
    FEELINGS,
    HELD_OUT_CITIES,
    HELD_OUT_CONCEPTS,
    HELD_OUT_CONTRASTS,
    HELD_OUT_NAMES,
    LATER,
    MILD,
    SEVERE,
    SOON,
    Concept,
    spaced,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTask:
    """What a spec needs to know of a task: its columns, its labels and how noisy they are.

    ``choices`` names a column that holds the options of each row as a list of strings, and is
    ``None`` unless ``kind`` is ``choose``. ``labels`` is empty for ``choose`` and ``extract``.
    """

    name: str
    title: str
    kind: str
    labels: tuple[str, ...]
    input: str
    target: str
    choices: str | None
    noise: float
    description: str


_CONCEPTS = {concept.name: concept for concept in HELD_OUT_CONCEPTS}
_VOICE = Voice(names=HELD_OUT_NAMES, cities=HELD_OUT_CITIES)
_TERSE = Voice(names=HELD_OUT_NAMES, cities=HELD_OUT_CITIES, padding=0.3)
_FEELINGS = tuple(feeling for feeling in FEELINGS if feeling.held_out)
_SERVICES = ("room", "waiter", "bed", "shower", "breakfast", "lobby", "terrace", "host")

_BANKING = spaced("card transfer loan fraud savings fees login statement")
_SHOPPING = spaced("delivery refund warranty coupon sizing stock gifting damage")
_TELECOM = spaced("roaming signal router billing contract handset voicemail porting")
_YARD = spaced("pets garden garage pool")
_CREW = spaced("cooks lawyers artists sailors")

#: Labels that stand for more than one concept.
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "politics": ("election", "treaty"),
        "economy": ("market", "merger"),
        "science": ("space", "genome"),
        "sport": ("league", "marathon"),
        "culture": ("cinema", "opera"),
        "crime": ("trial", "robbery"),
    }
)


def _single(names: tuple[str, ...]) -> list[list[Concept]]:
    return [[_CONCEPTS[name]] for name in names]


_LOST, _FAULTY = HELD_OUT_CONTRASTS[0][1], HELD_OUT_CONTRASTS[0][3]

_RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "desk": families.topic(_single(_YARD), voice=_TERSE, clauses=3),
        "intent": families.topic(_single(_BANKING), voice=_VOICE, aside=0.6, nested=0.5),
        "faq": families.topic(
            _single(_SHOPPING + _TELECOM + spaced("card loan fraud savings")),
            voice=_TERSE,
            aside=0.15,
        ),
        "headline": families.topic(
            [[_CONCEPTS[name] for name in names] for names in SECTIONS.values()],
            voice=_VOICE,
            aside=0.4,
            nested=0.4,
        ),
        "sentiment": families.sentiment(_FEELINGS, _SERVICES, voice=_VOICE),
        "aspect": families.aspect(_FEELINGS, _SERVICES, voice=_TERSE),
        "ticket": families.attributes(
            _single(("handset", "router")), [_LOST, _FAULTY], voice=_VOICE
        ),
        "triage": families.levels(
            (SOON, LATER),
            (SEVERE, MILD),
            [_CONCEPTS[name] for name in _TELECOM],
            voice=_TERSE,
        ),
        "actor": families.deeds(_single(_CREW), voice=_VOICE, aside=0.6),
        "switch": families.contrast(
            _single(spaced("delivery refund warranty coupon sizing gifting")),
            voice=_VOICE,
            nested=0.6,
        ),
        "first": families.order(
            _single(spaced("roaming router billing contract handset")),
            voice=_TERSE,
            aside=0.4,
        ),
    }
)


def _classify(
    name: str, title: str, labels: tuple[str, ...], noise: float, description: str
) -> GeneratedTask:
    return GeneratedTask(
        name=name,
        title=title,
        kind="classify",
        labels=labels,
        input="{text}",
        target="label",
        choices=None,
        noise=noise,
        description=description,
    )


_ALL = (
    _classify("desk", "Hobby desk", _YARD, 0.05, "Four topics without distractors: easy."),
    _classify(
        "intent",
        "Banking intents",
        _BANKING,
        0.05,
        "Eight intents; two texts in five first set another intent aside.",
    ),
    _classify(
        "faq",
        "Support questions",
        _SHOPPING + _TELECOM + spaced("card loan fraud savings"),
        0.04,
        "Twenty labels that share words: few demonstrations cannot cover them.",
    ),
    _classify(
        "headline",
        "Newspaper sections",
        tuple(SECTIONS),
        0.05,
        "Six sections of two beats each, some mentioned only to be set aside.",
    ),
    _classify(
        "sentiment",
        "Guest reviews",
        ("satisfied", "upset"),
        0.05,
        "Praise and blame under negation and concession.",
    ),
    _classify(
        "aspect",
        "Reviews by aspect",
        ("plus", "minus"),
        0.04,
        "Two things are judged; the label is the verdict on the one asked about.",
    ),
    _classify(
        "ticket",
        "Device tickets",
        spaced("tracing workshop dispatch network"),
        0.05,
        "The label is a pair: which device, and lost or faulty.",
    ),
    _classify(
        "triage",
        "Outage triage",
        ("low", "medium", "high"),
        0.05,
        "How many of two conditions hold, urgent and severe, either of them negated at times.",
    ),
    _classify(
        "actor",
        "Who did it",
        _CREW,
        0.05,
        "The trade of the one who acts, in the active or the passive voice.",
    ),
    _classify(
        "switch",
        "Changed requests",
        spaced("delivery refund warranty coupon sizing gifting"),
        0.05,
        "Two requests are mentioned and only one is meant.",
    ),
    _classify(
        "first",
        "What came first",
        spaced("roaming router billing contract handset"),
        0.05,
        "Two events; the label is the earlier one, whichever is told first.",
    ),
    GeneratedTask(
        name="quiz",
        title="Which word fits",
        kind="choose",
        labels=(),
        input="{question} options: {choices}",
        target="answer",
        choices="choices",
        noise=0.04,
        description="The option that belongs with two words, or the odd one out.",
    ),
    GeneratedTask(
        name="recipient",
        title="Who gets it",
        kind="extract",
        labels=(),
        input="{text}",
        target="answer",
        choices=None,
        noise=0.04,
        description="The name of the person something is meant for, among three names.",
    ),
)

#: Every task by name, in the order in which they are documented.
TASKS: Mapping[str, GeneratedTask] = MappingProxyType({task.name: task for task in _ALL})


def _classified(task: GeneratedTask, rng: random.Random) -> dict[str, object]:
    text, index = _RECIPES[task.name].draw(rng)
    if rng.random() < task.noise:
        index = (index + 1 + rng.randrange(len(task.labels) - 1)) % len(task.labels)
    return {"text": tidy(text), "label": task.labels[index]}


def _quiz(task: GeneratedTask, rng: random.Random) -> dict[str, object]:
    question, options, answer = families.choose(rng, HELD_OUT_CONCEPTS)
    if rng.random() < task.noise:
        answer = rng.choice([option for option in options if option != answer])
    return {"question": tidy(question), "choices": options, "answer": answer}


def _recipient(task: GeneratedTask, rng: random.Random) -> dict[str, object]:
    text, answer = families.errand(
        rng, HELD_OUT_CONCEPTS, role="T", names=HELD_OUT_NAMES, cities=HELD_OUT_CITIES
    )
    if rng.random() < task.noise:
        answer = rng.choice([name for name in HELD_OUT_NAMES if name in text.split()])
    return {"text": tidy(text), "answer": answer}


_BY_KIND: Mapping[str, Callable[[GeneratedTask, random.Random], dict[str, object]]] = (
    MappingProxyType({"classify": _classified, "choose": _quiz, "extract": _recipient})
)


def generate(name: str, *, rows: int, seed: int) -> list[dict[str, object]]:
    """The first ``rows`` rows of task ``name`` under ``seed``; ``KeyError`` for an unknown name.

    Rows are independent draws, so any split of them is a random split.
    """
    task = TASKS[name]
    found = []
    for i in range(rows):
        digest = hashlib.sha256(f"{name}|{seed}|{i}".encode()).digest()
        rng = random.Random(int.from_bytes(digest[:8], "big"))
        found.append({"id": f"{name}-{seed}-{i:06d}", **_BY_KIND[task.kind](task, rng)})
    return found
