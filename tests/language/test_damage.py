"""A damaged spec is told what is wrong, whatever is damaged: nothing raises, and what is left of
the program can be read."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cosmosql.model.bind import analyse

BASE = """dataset rows using jsonl {
  source = "rows.jsonl"
  stays = local

  roles {
    test = 10%
  }
}

template task short using classify {
  input = "{text}"
  target = label
}
"""

SPEC = """import std.hardware as hw
import std.tiny as tiny
import "./base.cosmos" as base

param floor = 82%
let shots = sweep(2, 4)

task words extends base.task.short {
  data = base.dataset.rows
}

retriever near using dense {
  corpus = base.dataset.rows
}

model large extends tiny.small {
  parameters = 1_000_000
  context = 512 tokens
}

strategy shown using icl {
  model = sweep(tiny.small, model.large)
  retriever = retriever.near
  shots = shots
  on = hw.l4
}

strategy more extends strategy.shown {
  model = tiny.large
}

policy tiers using cascade {
  stages = [strategy.shown, strategy.more]
  escalate to strategy.more when margin < 1.5
}

budget launch {
  probing {
    money = 3 USD
  }

  serving {
    money = 0.004 USD/request
  }
}

query pick {
  for task.words
  among strategy.*, policy.tiers
  measure within budget.launch
  maximize accuracy - 5 pp / 1 s * latency
  require accuracy >= floor with confidence 95%
  decide within 1 pp
}
"""

TOKENS = [match.span() for match in re.finditer(r'"[^"]*"|[\w.]+|[^\s\w]|\n', SPEC)]
TURNS = 12


def damaged(turn: int) -> list[str]:
    """Every twelfth token deleted, replaced by another, and swapped with another."""
    chance = random.Random(turn)
    texts = []
    for start, stop in TOKENS[turn::TURNS]:
        first, last = chance.choice(TOKENS)
        texts.append(SPEC[:start] + SPEC[stop:])
        texts.append(SPEC[:start] + SPEC[first:last] + SPEC[stop:])
        if stop <= first:
            between = SPEC[stop:first]
            swapped = SPEC[first:last] + between + SPEC[start:stop]
            texts.append(SPEC[:start] + swapped + SPEC[last:])
    return texts


def test_the_whole_spec_is_right(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "spec.cosmos"
    analysis = analyse(path, texts={path: SPEC, path.parent / "base.cosmos": BASE})
    assert not analysis.failed
    assert set(analysis.program.strategies) == {"strategy.shown", "strategy.more"}


@pytest.mark.parametrize("turn", range(0, TURNS, 2))
def test_no_damage_breaks_the_compiler(tmp_path: Path, turn: int) -> None:
    path = tmp_path.resolve() / "spec.cosmos"
    for text in damaged(turn):
        analysis = analyse(path, texts={path: text, path.parent / "base.cosmos": BASE})
        assert analysis.failed == any(item.code[0] == "E" for item in analysis.diagnostics), text
        for item in analysis.diagnostics:
            assert item.labels[0].span.start <= item.labels[0].span.end <= len(SPEC) + 100
