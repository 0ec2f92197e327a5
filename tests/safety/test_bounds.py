"""Specs that try to take for ever: each ends within bounds on processor time and memory that the
operating system enforces, with a proper exit code and no traceback."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

ROOT = Path(__file__).parents[2]
SECONDS = 20
MEMORY = 1 << 30

WRONG_INPUT = 1
RUN_FAILED = 4


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def ended(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command under the bounds. One thread of BLAS keeps its address space small."""
    return subprocess.run(
        [sys.executable, "-m", "cosmosql", *arguments],
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        preexec_fn=bounded,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def head(rows: str = "rows.jsonl", using: str = "jsonl") -> str:
    return f'dataset rows using {using} {{\n  source = "{rows}"\n}}\n\n' + TASK


TASK = (
    'task t using classify {\n  data = dataset.rows\n  input = "{text}"\n  target = label\n}\n\n'
    "strategy simple using baseline {\n  method = sweep(majority, tfidf)\n}\n\n"
)
QUERY = (
    "query pick {\n  for task.t\n  among strategy.*\n  measure within 1 USD\n"
    "  maximize accuracy\n}\n"
)

Spec = Callable[[Path], str]

SHARE = frozenset(
    (
        "lists",
        "open brackets",
        "closing braces",
        "one long comment",
        "too long",
        "many errors",
        "many unknown names",
        "chain of names backwards",
        "chain of extends backwards",
        "circle of extends",
        "growing lists",
        "growing numbers",
        "huge number",
        "huge power",
        "sweeps of sweeps",
        "many policies",
        "NUL",
        "template columns",
        "imports of nothing",
        "diamonds",
        "nested objects",
        "many columns",
        "many bad lines",
        "no UTF-8",
        "open quote",
    )
)
"""Cases that every run of the tests takes: one for each way to take for ever. The others take
minutes together."""


def cases(names: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=() if name in SHARE else pytest.mark.slow) for name in names]


def chain(count: int, line: Callable[[int], str]) -> str:
    return "".join(line(number) for number in range(count))


def nested(opening: str, closing: str, count: int) -> str:
    return f"let a = {opening * count}1{closing * count}\n"


TEXTS: dict[str, Callable[[], str]] = {
    "brackets": lambda: nested("(", ")", 500_000),
    "lists": lambda: nested("[", "]", 500_000),
    "open brackets": lambda: nested("(", "", 1_000_000),
    "sections": lambda: "task t {\n" + "a {\n" * 200_000 + "}\n" * 200_001,
    "open sections": lambda: "task t {\n" + "a {\n" * 300_000,
    "closing braces": lambda: "}\n" * 1_000_000,
    "signs": lambda: f"let a = {'-' * 1_000_000}1\n",
    "sum": lambda: f"let a = {'1 + ' * 500_000}1\n",
    "one line": lambda: f'let a = "{"x" * 3_900_000}"\n',
    "one long name": lambda: f"let {'a' * 3_900_000} = 1\n",
    "one long comment": lambda: f"# {'x' * 3_900_000}\nlet a =\n",
    "too long": lambda: "#" * 10_000_000,
    "long dots": lambda: f"let a = b{'.c' * 1_000_000}\n",
    "many errors": lambda: "let = \n" * 100_000,
    "many unknown names": lambda: chain(50_000, lambda n: f"let a{n} = strategy.b{n}\n"),
    "unknown names among known": lambda: chain(
        20_000, lambda n: f"let name_{n} = 1\nlet other_{n} = probe.nome_{n}\n"
    ),
    "unknown kinds": lambda: chain(50_000, lambda n: f"strategi a{n} {{\n}}\n"),
    "unknown attributes": lambda: (
        "probe a {\n" + chain(100_000, lambda n: f"  row{n} = 1\n") + "}\n"
    ),
    "chain of names": lambda: (
        "let a0 = 1\n" + chain(100_000, lambda n: f"let a{n + 1} = a{n} + 1\n")
    ),
    "chain of names backwards": lambda: (
        chain(50_000, lambda n: f"let a{n} = a{n + 1}\n") + "let a50000 = b.c\n"
    ),
    "circle of names": lambda: chain(50_000, lambda n: f"let a{n} = a{(n + 1) % 50_000}\n"),
    "growing lists": lambda: (
        "let a0 = [1, 1]\n" + chain(60, lambda n: f"let a{n + 1} = [a{n}, a{n}]\n")
    ),
    "growing numbers": lambda: (
        "let a0 = 9\n" + chain(200, lambda n: f"let a{n + 1} = a{n} * a{n}\n")
    ),
    "chain of extends": lambda: (
        "probe a0 {\n}\n" + chain(50_000, lambda n: f"probe a{n + 1} extends probe.a{n} {{\n}}\n")
    ),
    "chain of extends backwards": lambda: (
        chain(30_000, lambda n: f"probe a{n} extends probe.a{n + 1} {{\n}}\n")
        + "probe a30000 {\n  rowz = 1\n}\n"
    ),
    "growing extends": lambda: (
        "probe a0 {\n}\n"
        + chain(20_000, lambda n: f"probe a{n + 1} extends probe.a{n} {{\n  b{n} = 1\n}}\n")
    ),
    "growing sections": lambda: (
        "probe a0 {\n}\n"
        + chain(20_000, lambda n: f"probe a{n + 1} extends probe.a{n} {{\n  b{n} {{\n  }}\n}}\n")
    ),
    "circle of extends": lambda: chain(
        30_000, lambda n: f"probe a{n} extends probe.a{(n + 1) % 30_000} {{\n}}\n"
    ),
    "huge number": lambda: "let a = 9e999999999\n",
    "tiny number": lambda: "let a = 9e-999999999\n",
    "long number": lambda: f"let a = {'9' * 1_000_000}\n",
    "huge count": lambda: "probe p {\n  rows = 9e30\n}\n",
    "huge power": lambda: "probe p {\n  rows = 1e400 * 1e400\n}\n",
    "wide sweep": lambda: (
        head()
        + "strategy b using baseline {\n  method = sweep("
        + ", ".join(f"m{n}" for n in range(20_000))
        + ")\n}\n"
        + QUERY
    ),
    "sweeps of sweeps": lambda: (
        head()
        + "import std.tiny as tiny\n"
        + chain(
            20,
            lambda n: (
                f"strategy s{n} using lora {{\n  model = sweep(tiny.small, tiny.large)\n"
                "  rank = sweep(1, 2, 4, 8, 16)\n  epochs = sweep(1, 2, 3, 4)\n"
                "  share = sweep(10%, 20%, 30%, 40%, 50%)\n}\n"
            ),
        )
        + QUERY
    ),
    "many policies": lambda: (
        head()
        + chain(3000, lambda n: f"policy p{n} using auto {{\n  over = [strategy.*]\n}}\n")
        + QUERY.replace("among strategy.*", "among strategy.*, policy.*")
    ),
    "many rules": lambda: (
        head()
        + chain(10_000, lambda n: f"strategy s{n} extends strategy.simple\n")
        + "policy p using cascade {\n  stages = [strategy.*]\n"
        + chain(40_000, lambda n: f"  escalate to strategy.s{n % 10_000} when margin < 1\n")
        + "}\n"
        + QUERY
    ),
    "damage among many": lambda: chain(50_000, lambda n: f"probe a{n} {{\n}}\n") + "let = \n",
    "huge model": lambda: (
        head()
        + 'model m using hf {\n  id = "m"\n  parameters = 9e60\n}\n'
        + "hardware h {\n  memory = 1 B\n}\n"
        + "strategy s using prompt {\n  model = model.m\n  on = hardware.h\n}\n"
        + QUERY
    ),
    "many wildcards": lambda: (
        head()
        + chain(3000, lambda n: f"strategy s{n} extends strategy.simple {{\n}}\n")
        + QUERY.replace("among strategy.*", "among " + ", ".join(["strategy.*"] * 1000))
    ),
    "many requirements": lambda: (
        head()
        + QUERY.replace(
            "maximize accuracy\n", "maximize accuracy\n" + "  require accuracy >= 1%\n" * 50_000
        )
    ),
    "direction marks": lambda: 'let a = "\u202e\u2066"\n',
    "NUL": lambda: "let a = 1\0\n",
    "surrogates": lambda: 'let a = "\\ud83d"\n',
    "homoglyphs": lambda: "lеt a = 1\n" * 20_000,
    "combining marks": lambda: f'let a = "{"e" + chr(0x301) * 1_000_000}"\nlet b = \n',
    "template braces": lambda: head().replace("{text}", "{text" * 100_000) + QUERY,
    "template columns": lambda: (
        head().replace("{text}", "".join(f"{{c{n}}}" for n in range(50_000))) + QUERY
    ),
    "silences": lambda: "# allow W0603: because\n" * 100_000 + "let = \n",
    "doc comments": lambda: "## doc\n" * 300_000 + "let = \n",
    "imports of one file": lambda: chain(20_000, lambda n: f'import "./spec.cosmos" as a{n}\n'),
    "imports of nothing": lambda: chain(20_000, lambda n: f'import "./a{n}.cosmos" as a{n}\n'),
}


@pytest.mark.parametrize("name", cases(TEXTS))
def test_a_hostile_text_ends(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.jsonl").write_text(
        "\n".join(json.dumps({"text": f"t {n}", "label": f"l{n % 2}"}) for n in range(60))
    )
    (tmp_path / "spec.cosmos").write_bytes(TEXTS[name]().encode("utf-8", "surrogatepass"))
    done = ended(tmp_path, "check", "spec.cosmos")
    assert done.returncode in (0, WRONG_INPUT), (done.returncode, done.stderr[-2000:])
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 100_000


def _modules(place: Path, count: int, text: Callable[[int], str]) -> str:
    for number in range(count):
        (place / f"m{number}.cosmos").write_text(text(number), encoding="utf-8")
    return 'import "./m0.cosmos" as m0\n'


def _beside(place: Path, count: int) -> str:
    for number in range(count):
        (place / f"y{number}.cosmos").write_text("let a = 1\n", encoding="utf-8")
    return chain(count, lambda n: f'import "./y{n}.cosmos" as y{n}\n')


IMPORTS: dict[str, Spec] = {
    "chain": lambda place: _modules(place, 5000, lambda n: f'import "./m{n + 1}.cosmos" as next\n'),
    "diamonds": lambda place: _modules(
        place,
        400,
        lambda n: f'import "./m{n + 1}.cosmos" as a\nimport "./m{n + 2}.cosmos" as b\nlet x = 1\n',
    ),
    "everybody everybody": lambda place: _modules(
        place, 250, lambda n: chain(250, lambda m: f'import "./m{m}.cosmos" as a{m}\n')
    ),
    "wide": lambda place: (
        _modules(place, 2, lambda n: chain(10_000, lambda m: f'import "./x{m}.cosmos" as x{m}\n'))
        + _beside(place, 2000)
    ),
    "large": lambda place: _modules(
        place,
        12,
        lambda n: f'import "./m{n + 1}.cosmos" as next\n' + "let a = 1\n#" + "x" * 3_900_000,
    ),
    "long aliases": lambda place: _modules(
        place, 250, lambda n: f'import "./m{n + 1}.cosmos" as {"a" * 15_000}\nlet x = 1\n'
    ),
}


@pytest.mark.parametrize("name", cases(IMPORTS))
def test_imports_end(tmp_path: Path, name: str) -> None:
    (tmp_path / "spec.cosmos").write_text(IMPORTS[name](tmp_path), encoding="utf-8")
    done = ended(tmp_path, "check", "spec.cosmos")
    assert done.returncode == WRONG_INPUT, (done.returncode, done.stderr[-2000:])
    assert "Traceback" not in done.stderr
    if name in ("chain", "diamonds", "wide", "large"):
        assert "E0216" in done.stderr


GOOD = [json.dumps({"text": f"t {n}", "label": f"l{n % 2}"}) for n in range(60)]

ROWS: dict[str, Callable[[], bytes]] = {
    "nested": lambda: b'{"text": ' + b"[" * 5_000_000 + b"\n",
    "nested objects": lambda: b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
    "one long line": lambda: b'{"text": "' + b"x" * 60_000_000 + b'", "label": "a"}',
    "long number": lambda: b'{"text": ' + b"9" * 1_000_000 + b', "label": "a"}',
    "many columns": lambda: json.dumps({f"c{n}": n for n in range(300_000)}).encode(),
    "many labels": lambda: b"\n".join(
        json.dumps({"text": f"t {n}", "label": f"l{n}"}).encode() for n in range(20_000)
    ),
    "many bad lines": lambda: b"{\n" * 1_000_000,
    "many roles": lambda: b"\n".join(
        json.dumps({"text": f"t {n}", "label": "a", "role": f"tset{n}"}).encode()
        for n in range(20_000)
    ),
    "NUL": lambda: b"\0" * 10_000_000,
    "no UTF-8": lambda: b"\xff\n" * 1_000_000,
    "surrogates": lambda: b'{"text": "\\ud83d", "label": "a"}\n' * 10_000,
    "infinities": lambda: b'{"text": Infinity, "label": NaN}\n' * 1000,
}


@pytest.mark.parametrize("name", cases(ROWS))
def test_hostile_rows_end(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.jsonl").write_bytes(ROWS[name]())
    (tmp_path / "spec.cosmos").write_text(head() + QUERY, encoding="utf-8")
    done = ended(tmp_path, "check", "spec.cosmos")
    assert done.returncode in (0, WRONG_INPUT, RUN_FAILED), (done.returncode, done.stderr[-2000:])
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 100_000


@pytest.mark.parametrize("line", [b" ", b"{}\n"], ids=["blank", "empty"])
def test_packed_bombs_end(tmp_path: Path, line: bytes) -> None:
    """A quarter of a gigabyte in a megabyte, as rows and as the answers to them."""
    packed = gzip.compress(line * ((1 << 28) // len(line)), compresslevel=1)
    (tmp_path / "rows.jsonl.gz").write_bytes(packed)
    (tmp_path / "spec.cosmos").write_text(head("rows.jsonl.gz") + QUERY, encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({"n": n, **json.loads(row)}) + "\n" for n, row in enumerate(GOOD)),
        encoding="utf-8",
    )
    answered = (
        head().replace('.jsonl"', '.jsonl"\n  id = n')
        + 'model m using recorded {\n  source = "rows.jsonl.gz"\n}\n'
        + "strategy m using prompt {\n  model = model.m\n}\n"
        + QUERY
    )
    (tmp_path / "answered.cosmos").write_text(answered, encoding="utf-8")
    for spec in ("spec.cosmos", "answered.cosmos"):
        done = ended(tmp_path, "check", spec)
        assert done.returncode == WRONG_INPUT, (done.returncode, done.stderr[-2000:])
        assert "E0517" in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


CELLS: dict[str, Callable[[], bytes]] = {
    "open quote": lambda: b'text,label\n"' + b"x" * 30_000_000,
    "many columns": lambda: b",".join(b"c%d" % n for n in range(200_000)) + b"\n",
    "same columns": lambda: b",".join([b"c"] * 200_000) + b"\n",
    "uneven": lambda: b"text,label\n" + b"a,b,c\n" * 500_000,
    "long cell": lambda: b"text,label\n" + b"x" * 30_000_000 + b",a\n",
}


@pytest.mark.parametrize("name", cases(CELLS))
def test_hostile_cells_end(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.csv").write_bytes(CELLS[name]())
    (tmp_path / "spec.cosmos").write_text(head("rows.csv", "csv") + QUERY, encoding="utf-8")
    done = ended(tmp_path, "check", "spec.cosmos")
    assert done.returncode == WRONG_INPUT, (done.returncode, done.stderr[-2000:])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(path.name)])
@pytest.mark.parametrize("using", ["jsonl", "csv", "parquet"])
def test_pipes_and_loops_are_no_rows(
    tmp_path: Path, make: Callable[[Path], None], using: str
) -> None:
    make(tmp_path / f"rows.{using}")
    (tmp_path / "spec.cosmos").write_text(head(f"rows.{using}", using) + QUERY, encoding="utf-8")
    done = ended(tmp_path, "check", "spec.cosmos")
    assert done.returncode == WRONG_INPUT
    assert "E0511" in done.stderr or "E0502" in done.stderr


def test_the_share_is_made_of_cases() -> None:
    assert {*TEXTS, *IMPORTS, *ROWS, *CELLS} >= SHARE


def test_the_bounds_bind(tmp_path: Path) -> None:
    """The test of the tests: what takes for ever, or all the memory, is stopped."""
    for code, expected in (("while True: pass", -9), ("b = b'x' * (2 << 30)", 1)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            preexec_fn=lambda: (
                resource.setrlimit(resource.RLIMIT_CPU, (1, 1)),
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
            )[0],
            capture_output=True,
            check=False,
        )
        assert done.returncode == expected
