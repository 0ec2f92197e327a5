"""Specs of many thousand lines: read without deep recursion, in a number of steps that grows with
the length alone. Steps of the interpreter are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from cosmosql.model import report
from cosmosql.model.bind import analyse

HEAD = "import std.hardware as hw\nimport std.tiny as tiny\n"
ONE = "strategy s{0} using prompt {{\n  model = tiny.small\n  on = hw.cpu\n}}\n"
ASK = (
    "query q{0} {{\n  for tiny.task.intent\n  among strategy.s0\n"
    "  measure within 1 USD\n  maximize accuracy\n}}\n"
)
ROWS = 'dataset d using jsonl {\n  source = "rows.jsonl"\n}\n'


def strategies(count: int) -> str:
    return HEAD + "".join(ONE.format(number) for number in range(count)) + ASK.format("")


def constants(count: int) -> str:
    return "let a0 = 1\n" + "".join(f"let a{n + 1} = a{n} + 1\n" for n in range(count))


def queries(count: int) -> str:
    return HEAD + ONE.format(0) + "".join(ASK.format(number) for number in range(count))


def extensions(count: int) -> str:
    chain = (f"strategy s{n + 1} extends strategy.s{n} {{\n}}\n" for n in range(count))
    return HEAD + ONE.format(0) + "".join(chain) + ASK.format("")


def labels(count: int) -> str:
    listed = ",\n".join(f"    label{number}" for number in range(count))
    task = '  data = dataset.d\n  input = "{x}"\n  target = y\n  labels = [\n'
    return f"{ROWS}task t using classify {{\n{task}{listed},\n  ]\n}}\n"


def requirements(count: int) -> str:
    asked = "".join(f"  require accuracy >= {n % 90}.{n}%\n" for n in range(count))
    return HEAD + ONE.format(0) + ASK.format("").removesuffix("}\n") + asked + "}\n"


def unknown_names(count: int) -> str:
    return HEAD + "".join(
        f"strategy s{n} using prompt {{\n  model = model.x{n}\n  on = hw.cpu\n}}\n"
        for n in range(count)
    )


def short_names(count: int) -> str:
    using = "".join(
        f'task t{n} using classify {{\n  data = d\n  input = "{{x}}"\n  target = y\n}}\n'
        for n in range(count)
    )
    return ROWS + using


def steps(path: Path, text: str) -> int:
    """How many instructions of the interpreter an analysis takes."""
    path.write_text(text, encoding="utf-8")
    counted = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal counted
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        counted += 1
        return trace

    sys.settrace(trace)
    try:
        analyse(path)
    finally:
        sys.settrace(None)
    return counted


@pytest.mark.parametrize(
    "shape",
    [strategies, constants, queries, extensions, labels, requirements, unknown_names, short_names],
)
def test_steps_grow_with_the_length(
    shape: Callable[[int], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 30 to 120 of them, three times as many steps are added as from none to 30. Unknown
    names are compared with the known ones as long as there are few, so this is made short."""
    monkeypatch.setattr(report, "MOST_COMPARED", 10)
    path = tmp_path / "long.cosmos"
    steps(path, shape(121))  # What is remembered in the process is made here.
    first, few, many = (steps(path, shape(count)) for count in (1, 31, 121))
    assert (many - few) / (few - first) < 3.2


@pytest.mark.parametrize("shape", [constants, extensions])
def test_long_chains_are_followed_without_recursion(
    shape: Callable[[int], str], tmp_path: Path
) -> None:
    path = tmp_path / "chain.cosmos"
    path.write_text(shape(5000), encoding="utf-8")
    found = analyse(path)
    assert not found.failed, found.diagnostics[0]
