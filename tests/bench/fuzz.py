"""Random files through the whole front: decode, parse, format, and for some of them analyse.

Whatever a file holds, nothing raises, nothing hangs, findings lie within the text, and what parses
is formatted once and for all without a change of its tree or the loss of a comment.

    python -m tests.bench.fuzz --count 200000
    python -m tests.bench.fuzz --start 100000 --count 100000 --tally build/fuzz.json   # resumable
    python -m tests.bench.fuzz --start 4711 --count 1 --show                # one input again

Input number n is the same in every run: it follows from the seed and n alone.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.model.bind import analyse
from cosmosql.source import Source
from cosmosql.syntax.format import format_source
from cosmosql.syntax.parse import ParseCache, decode_bytes, parse
from tests.bench.specs import fences, spec_files
from tests.syntax.generate import valid_file
from tests.syntax.properties import check_formatted

LIMIT = 5.0
"""CPU seconds that one input may take."""

ANALYSED = 10
"""Every how manyth input is analysed as well."""

WINDOW = 40
"""Lines of a spec that is damaged, at most: whole declarations from some place on."""

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|\d[\d_.]*|\w+|[<>=]=|\n|[^\S\n]+|\S')
_SIGNS = (
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    '"',
    ",",
    ".",
    "=",
    "==",
    "<",
    "-",
    "*",
    "/",
    "#",
    "\n",
    "%",
)
_WORDS = ("for", "among", "measure", "maximize", "require", "decide", "within", "with", "import")
_OTHERS = (
    "é",
    "\u202e",
    "\x00",
    "\r",
    "\t",
    "\\",
    "'",
    "$",
    "€",
    "1_",
    "1e99",
    "0x1",
    "🙂",
    "\ufeff",
)
_ALPHABET = 'ab1_ .,:=<>+-*/(){}[]"#\\\n\t%éx9 \n'


@cache
def corpus() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The specs of the repository: those in files, and those in documents."""
    files = (path.read_text(encoding="utf-8") for path in spec_files())
    return tuple(files), tuple(text for _, text in fences())


def _excerpt(random: Random) -> str:
    files, others = corpus()
    text = random.choice(files if random.random() < 0.5 else others)
    starts = [match.start() for match in re.finditer(r"^(?=[a-z])", text, re.M)] or [0]
    return "".join(text[random.choice(starts) :].splitlines(keepends=True)[:WINDOW])


def valid(random: Random) -> bytes:
    text = valid_file(random, declarations=random.randrange(5))
    data = text.replace("\n", "\r\n").encode() if random.random() < 0.1 else text.encode()
    return b"\xef\xbb\xbf" + data if random.random() < 0.1 else data


def damaged(random: Random) -> bytes:
    """A spec with tokens deleted, doubled, swapped, replaced or inserted."""
    tokens = _TOKEN.findall(_excerpt(random))
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        here, there = random.randrange(len(tokens) or 1), random.randrange(len(tokens) or 1)
        other = random.choice(random.choice((_SIGNS, _WORDS, _OTHERS, tokens or ["x"])))
        if not tokens:
            break
        match random.randrange(5):
            case 0:
                del tokens[here]
            case 1:
                tokens.insert(here, tokens[here])
            case 2:
                tokens[here], tokens[there] = tokens[there], tokens[here]
            case 3:
                tokens[here] = other
            case _:
                tokens.insert(here, other)
    return "".join(tokens).encode()


def joined(random: Random) -> bytes:
    """The start of one spec and the end of another."""
    first, second = _excerpt(random), _excerpt(random)
    cut = first[: random.randrange(len(first) + 1)] + second[random.randrange(len(second) + 1) :]
    return cut.encode()


def words(random: Random) -> bytes:
    """Words and signs of the language in no order."""
    pool = (*_SIGNS, *_WORDS, *_WORDS, "x", "a.b", "40 USD", '"t"', " ", "\n", "\n  ")
    return " ".join(random.choices(pool, k=random.randrange(60))).encode()


def letters(random: Random) -> bytes:
    return "".join(random.choices(_ALPHABET, k=random.randrange(200))).encode()


def garbage(random: Random) -> bytes:
    """Bytes of any kind, or a spec with some bytes changed."""
    if random.random() < 0.5:
        return random.randbytes(random.randrange(100))
    data = bytearray(_excerpt(random).encode())
    for _ in range(random.randrange(1, 6)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def nested(random: Random) -> bytes:
    """Many of the same bracket, sign or section, far more than is allowed."""
    piece = random.choice(("(", "[", "f(", "-", "s {\n", "1 + ", "a.", '"', "#", "\n", "[1,", "{"))
    text = piece * random.choice((5, 60, 70, 400))
    return f"let x = {text}1".encode() if random.random() < 0.5 else text.encode()


KINDS: tuple[tuple[Callable[[Random], bytes], int], ...] = (
    (valid, 25),
    (damaged, 45),
    (joined, 8),
    (words, 7),
    (letters, 6),
    (garbage, 8),
    (nested, 1),
)


def make(seed: int, number: int) -> tuple[str, bytes]:
    """The kind and the bytes of input `number`."""
    random = Random(f"{seed}:{number}")
    (kind,) = random.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])
    return kind.__name__, kind(random)


def examine(data: bytes, *, analysed: bool, directory: Path) -> str:
    """What became of an input. Raises whatever must not happen."""
    source = decode_bytes(data, "a.cosmos")
    if isinstance(source, Diagnostic):
        return "no text"
    cache = ParseCache()
    _, found = parse(source, cache)
    for item in found:
        for label in item.labels:
            assert 0 <= label.span.start <= label.span.end <= len(source.text)
    if analysed:
        _analyse(source, directory)
    if not found:
        check_formatted(source.text, cache=cache)
        return "formatted"
    try:
        format_source(source, cache)
    except InputError as error:
        assert error.diagnostics
        return "diagnosed"
    raise AssertionError("a file with mistakes was formatted")


def _analyse(source: Source, directory: Path) -> None:
    path = directory / "a.cosmos"
    try:
        analyse(path, texts={path.resolve(): source.text})
    except InputError as error:
        assert error.diagnostics


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TimeoutError inside the block after so many CPU seconds."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds:g} s of CPU time")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Tally:
    """What became of the inputs so far; kept in a file where one is named."""

    def __init__(self, start: int, file: Path | None) -> None:
        self.file = file
        self.next = start
        self.counts: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.slowest = 0.0
        self.failures: list[str] = []
        if file and file.exists():
            vars(self).update(json.loads(file.read_text(encoding="utf-8")), file=file)
            self.counts, self.seconds = Counter(self.counts), Counter(self.seconds)

    def save(self) -> None:
        if self.file:
            kept = {name: value for name, value in vars(self).items() if name != "file"}
            self.file.write_text(json.dumps(kept), encoding="utf-8")

    def table(self) -> str:
        results = ("formatted", "diagnosed", "no text", "failed")
        lines = [
            f"| input | files | {' | '.join(results)} | CPU seconds |",
            f"|---|{'--:|' * (len(results) + 2)}",
        ]
        for name in (*(kind.__name__ for kind, _ in KINDS), "all"):
            keys = [key for key in self.counts if name in ("all", key.partition(":")[0])]
            cells = [
                sum(self.counts[key] for key in keys if key.endswith(f":{result}"))
                for result in results
            ]
            spent = sum(self.seconds[key] for key in self.seconds if name in ("all", key))
            total = " | ".join(f"{cell:,}" for cell in (sum(cells), *cells))
            lines.append(f"| {name} | {total} | {spent:.0f} |")
        lines.append(f"\nSlowest input: {self.slowest:.2f} s. Failures: {len(self.failures)}.")
        return "\n".join(lines)


def fuzz(seed: int, numbers: range, tally: Tally, *, limit: float = LIMIT) -> None:
    """Examines the inputs of those numbers that the tally does not hold yet."""
    with tempfile.TemporaryDirectory() as name:
        for number in range(max(numbers.start, tally.next), numbers.stop):
            kind, data = make(seed, number)
            began = time.process_time()
            try:
                with limited(limit):
                    analysed = number % ANALYSED == 0
                    result = examine(data, analysed=analysed, directory=Path(name))
            except Exception:
                result = "failed"
                tally.failures.append(f"input {number} ({kind}): {traceback.format_exc(limit=-4)}")
            spent = time.process_time() - began
            tally.counts[f"{kind}:{result}"] += 1
            tally.seconds[kind] += spent
            tally.slowest = max(tally.slowest, spent)
            tally.next = number + 1
            if tally.next % 1000 == 0:
                tally.save()
    tally.save()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--start", type=int, default=0)
    arguments.add_argument("--count", type=int, default=200_000)
    arguments.add_argument("--tally", type=Path, help="where the counts are kept, to go on later")
    arguments.add_argument("--show", action="store_true", help="print the inputs as well")
    chosen = arguments.parse_args()
    numbers = range(chosen.start, chosen.start + chosen.count)
    if chosen.show:
        for number in numbers:
            print(number, *make(chosen.seed, number))
    tally = Tally(chosen.start, chosen.tally)
    fuzz(chosen.seed, numbers, tally)
    print(tally.table())
    for failure in tally.failures[:20]:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
