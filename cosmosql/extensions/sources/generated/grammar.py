"""Sentences over the lexicon: clauses, frames that combine them, and padding around them.

A *clause* mentions one concept. A *frame* joins two clauses so that only syntax says which of the
two is meant. *Padding* says nothing about either. Text is drawn already split into lower-case
tokens separated by spaces; :func:`tidy` turns it into ordinary punctuation.
"""

from __future__ import annotations

import random

from cosmosql.extensions.sources.generated.lexicon import (
    CITIES,
    DAYS,
    DEEDS,
    HELD_OUT_CITIES,
    HELD_OUT_NAMES,
    NAMES,
    Concept,
    Feeling,
    barred,
)

#: ``N`` a noun, ``M`` another noun, ``V`` a verb in its base form, all of one concept.
CLAUSES = tuple(
    """the N needs attention
there is a question about the N
i want to V the N
we have to V before the N arrives
can you V the N
my N and the M do not match
something happened to my N
the N next to the M
they will V it with the N
we need another N
please V the N and the M
i cannot V without the N
somebody mentioned the N
everyone talks about the N
the report describes the N and the M
you should V more often
the N is on the list
how do i V
where is the N
i was told to V the N
she wants to V with the M
he tried to V the N
they discussed the N and the M
a new N was announced
the M came with a N
it concerns the N
we would like to V
the N has changed since the M
i read about the N
who can V the N
let us V the N together
our N is ready
the story is about a N
nobody could V the N
the M made us V
this is about the N
the N , the M and so on
looking for a N
we plan to V again
experts V the N
the team looked at the N
it all started with the N
i still think about the M
time to V
a N was found behind the M
my friend likes to V
is the N included
the N arrived without the M
we learned how to V the N
tell me more about the N""".splitlines()
)

_DECLARATIVE = tuple(
    text
    for text in CLAUSES
    if text.split()[0]
    not in ("can", "please", "how", "where", "who", "let", "looking", "time", "is", "tell")
)

#: ``A`` the clause that is set aside, ``B`` the clause that is meant.
REJECTIONS = tuple(
    """although A , B
A , but that is settled , B
A , but B
not that A , rather B
B , it is not that A
B , even though A
last week A , now B
forget that A , B
earlier A , but today B
A is what i first thought , in fact B
B , never mind that A
it is wrong that A , actually B
you may think that A , however B
B , despite the fact that A
while A , the point is that B
i know that A , still , B
A was the old topic , the new one is that B
B , which matters more than that A
despite the rumor that A , B
yes , A , yet B
B is the point , not that A
leave aside that A , because B""".splitlines()
)

#: As :data:`REJECTIONS`, but joining two nouns: ``P`` is set aside, ``Q`` is meant.
NOUN_REJECTIONS = tuple(
    """i asked about the Q , not the P
it is not the P but the Q
the Q instead of the P , please
rather than the P , look at the Q
not the P , the Q
unlike the P , the Q is what matters
the Q is the issue , the P is fine
the P is fine , the Q is the issue
no more P , we want the Q
i do not mean the P , i mean the Q
the Q , and never the P
skip the P and go to the Q
i took the P by mistake , it should be the Q
it should be the Q , i took the P by mistake
swap the P for the Q
without the P , only with the Q
the P was yesterday , the Q is today
from the P i want to change to the Q
to the Q i want to change from the P
the Q replaces the P
the P is replaced by the Q""".splitlines()
)

#: ``A`` happens before ``B``, in whatever order they are told.
SEQUENCES = tuple(
    """first A , then B
A , and then B
before B , A
after A , B
B , but only after A
B , once A
A , followed by the news that B
B , but before that A
as soon as A , B
at the start A , at the end B
in the end B , in the beginning A
A , later B
earlier A , afterwards B
B came second , A came first
A until B
B , having heard that A""".splitlines()
)

#: ``A`` acts on ``B``, both nouns for people; ``D`` is the deed.
DEED_FRAMES = tuple(
    """the A D the B
the B was D by the A
it was the A who D the B
it was the B who was D by the A
the B said that the A D him
the B that the A D left early
the A that D the B left early
by the A the B was D
yesterday the A D the B twice
the B , whom the A D , smiled
the A , who D the B , smiled
the B had been D by the A before
a A D a B
a B got D by a A""".splitlines()
)

OPENERS = tuple(
    """hello ,|hi team ,|good morning ,|good evening ,|dear all ,|quick question :
just so you know ,
well ,|hi there ,|to whom it may concern ,|as of today ,|for the record ,|news :|update :|note :
by the way ,|hey ,|one more thing ,|sorry to bother you ,|according to K ,|K writes :|from L :
today in L ,|in L ,|K here ,|this is K ,|since W ,|on W ,""".replace("\n", "|").split("|")
)

CLOSERS = tuple(
    """thanks|please advise|let me know|many thanks K|regards K|see you on W|any ideas ?|what now ?
that is all|call me on W|as K said|or so they say|if i am right|ask K|says K from L|i hope
and so on|more on W|greetings from L|thank you for your help|it has been like that since W
i spoke with K on W|we are in L until W|reply before W|K and K agree|number R""".replace(
        "\n", "|"
    ).split("|")
)

NEGATED = barred("""
not J|never J|hardly J|not at all J|far from J|anything but J|no longer J|not even J|
not exactly J|neither J nor nice""")
PLAIN_DEGREES = barred("J|very J|really J|quite J|so J|always J|J as ever|truly J|rather J")

VERDICTS = tuple(
    """the T was J
the T is J
we found the T J
i think the T was J
a J T
what a J T
everyone said the T seemed J
the T turned out J
J , that T
i would call the T J
the T felt J to us
our T looked J""".splitlines()
)

_NAMES_ALL = NAMES + HELD_OUT_NAMES
_CITIES_ALL = CITIES + HELD_OUT_CITIES


def pad(rng: random.Random, text: str, *, names: tuple[str, ...], cities: tuple[str, ...]) -> str:
    """Fill the placeholders of padding: K a name, L a city, W a weekday, R digits."""
    out = []
    for token in text.split():
        if token == "K":
            token = rng.choice(names)
        elif token == "L":
            token = rng.choice(cities)
        elif token == "W":
            token = rng.choice(DAYS)
        elif token == "R":
            token = str(rng.randrange(10, 9999))
        out.append(token)
    return " ".join(out)


def padded(
    rng: random.Random,
    core: str,
    *,
    opener: float = 0.45,
    closer: float = 0.45,
    names: tuple[str, ...] = _NAMES_ALL,
    cities: tuple[str, ...] = _CITIES_ALL,
) -> str:
    """``core`` with an opener and a closer, each with its own chance; eight words at least."""
    if rng.random() < opener:
        core = pad(rng, rng.choice(OPENERS), names=names, cities=cities) + " " + core
    if rng.random() < closer:
        core = core + " , " + pad(rng, rng.choice(CLOSERS), names=names, cities=cities)
    while core.count(" ") < 7:
        core = core + " , " + pad(rng, rng.choice(CLOSERS), names=names, cities=cities)
    return core


def clause(rng: random.Random, concept: Concept, *, declarative: bool = False) -> str:
    """One clause that mentions ``concept`` by its nouns and verbs.

    A ``declarative`` clause is no question or command, so that it can stand inside a frame.
    """
    nouns = concept.nouns
    i = int(rng.random() * len(nouns))
    j = int(rng.random() * (len(nouns) - 1))
    if j >= i:
        j += 1
    out = []
    for token in rng.choice(_DECLARATIVE if declarative else CLAUSES).split():
        if token == "N":
            token = nouns[i]
        elif token == "M":
            token = nouns[j]
        elif token == "V":
            token = rng.choice(concept.verbs)
        out.append(token)
    return " ".join(out)


def rejection(rng: random.Random, aside: Concept, meant: Concept) -> str:
    """A sentence that mentions both concepts and means only ``meant``."""
    if rng.random() < 0.45:
        frame = rng.choice(NOUN_REJECTIONS)
        parts = {"P": rng.choice(aside.nouns), "Q": rng.choice(meant.nouns)}
    else:
        frame = rng.choice(REJECTIONS)
        parts = {
            "A": clause(rng, aside, declarative=True),
            "B": clause(rng, meant, declarative=True),
        }
    return fill(frame, parts)


def set_aside(rng: random.Random, aside: str, meant: str) -> str:
    """A sentence that mentions both statements and means only ``meant``."""
    return fill(rng.choice(REJECTIONS), {"A": aside, "B": meant})


def nested_rejection(rng: random.Random, aside: Concept, third: Concept, meant: Concept) -> str:
    """Two concepts set aside and one meant: a contrast inside the aside, or inside the meaning."""
    if rng.random() < 0.5:
        return set_aside(rng, rejection(rng, aside, third), clause(rng, meant, declarative=True))
    return set_aside(rng, clause(rng, third, declarative=True), rejection(rng, aside, meant))


def sequence(rng: random.Random, first: Concept, second: Concept) -> str:
    """A sentence in which ``first`` comes before ``second`` in time, told in either order."""
    parts = {
        "A": clause(rng, first, declarative=True),
        "B": clause(rng, second, declarative=True),
    }
    return fill(rng.choice(SEQUENCES), parts)


def deed(rng: random.Random, actor: Concept, acted_on: Concept) -> str:
    """Who did what to whom, in the active or the passive voice."""
    parts = {
        "A": rng.choice(actor.nouns),
        "B": rng.choice(acted_on.nouns),
        "D": rng.choice(DEEDS),
    }
    return fill(rng.choice(DEED_FRAMES), parts)


def verdict(rng: random.Random, thing: str, feeling: Feeling, good: bool, negate: float) -> str:
    """A judgement of ``thing`` that comes out ``good`` or not, negated with the given chance."""
    negated = rng.random() < negate
    adjective = rng.choice(feeling.good if good != negated else feeling.bad)
    degree = rng.choice(NEGATED if negated else PLAIN_DEGREES)
    frame = rng.choice(VERDICTS if not negated else VERDICTS[:4])
    return fill(frame, {"T": thing, "J": fill(degree, {"J": adjective})})


def fill(frame: str, parts: dict[str, str]) -> str:
    """``frame`` with its one-letter placeholders replaced; other tokens stay."""
    return " ".join(parts.get(token, token) for token in frame.split())


def tidy(text: str) -> str:
    """Ordinary punctuation: no space before a comma, colon, question mark or full stop."""
    for mark in (",", ":", "?", "."):
        text = text.replace(f" {mark}", mark)
    return text
