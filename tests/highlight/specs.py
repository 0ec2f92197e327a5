"""What the highlighters are tried on, and what the parser says of it."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from cosmosql.source import Source
from cosmosql.syntax.format import format_source
from tests.syntax.generate import valid_file
from tests.syntax.test_parser import lark

ROOT = Path(__file__).resolve().parents[2]

SAMPLE = """\
language 1
# plain
import std.models as models   # after something
import "./prices.cosmos" as prices

# allow W0215, W0603: the nightly job sets it
## Doc of it.
param floor = 82%
let rate = (floor + 2 pp) * 3 - half / 2
let big = 1_200_000 requests/month
template task root using classify {
  data = dataset.rows
  input = "T: {subject}\\n{{x}}"
}
task private extends base.task.tickets {
  labels = [
    "red",  # one
    blue,
  ]
  stays = local
  roles { test = 500 examples }
  confidence = 4
}
query pick {
  for task.tickets
  among strategy.rag, base.strategy.lora, policy.*
  measure with probe.ladder within 3 USD
  maximize macro_f1 - 2 * error_rate
  require confidence >= floor with confidence 90%
  decide within 1 pp with confidence 90%
}
policy tiers using cascade {
  escalate to strategy.big when margin < 1.5
}
strategy next using lora {
  rank = sweep(8, 16)
  ok = true
  cost = 40 USD/GPU-hour
}
"""
"""Every form of the language once."""

DAMAGED = """\
policy tiers using cascade {
  stages = [strategy.small, strategy.big
  signal = "mar
strategy next using lora {
  rank = 3 parsecs
}
"""
"""A bracket and a text that never close, and a unit that does not exist."""


def files() -> dict[str, str]:
    """The examples, the standard library and the fences of the pages that hold whole files."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("examples", "stdlib")
        for path in sorted((ROOT / folder).rglob("*.cosmos"))
    }
    fence = re.compile(r"^```cosmos\n(.*?)^```$", re.M | re.S)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        if page.parent.name != "errors":
            for number, text in enumerate(fence.findall(page.read_text(encoding="utf-8")), 1):
                found[f"{page.relative_to(ROOT).as_posix()}#{number}"] = text
    return {"sample": SAMPLE, **found}


def terminals(text: str) -> list[tuple[str, int, int]]:
    """Name, start and end of every terminal that the parser reads in a text without mistakes."""
    state = lark().parse_interactive(text, start="file")
    return [
        (token.type, token.start_pos, token.end_pos)
        for token in state.iter_parse()
        if token.type != "_NL"
    ]


def scattered(count: int) -> list[str]:
    """Random files in canonical form, in which names are often spelled like keywords."""
    texts = (valid_file(Random(seed)) for seed in range(count))
    return [format_source(Source("random.cosmos", text)) for text in texts]


KEYWORDS = {
    "LANGUAGE",
    "TEMPLATE",
    "IMPORT",
    "PARAM",
    "LET",
    "AS",
    "_EXTENDS",
    "_USING",
    "FOR",
    "AMONG",
    "MEASURE",
    "MAXIMIZE",
    "MINIMIZE",
    "REQUIRE",
    "DECIDE",
    "ESCALATE",
    "_WITHIN",
    "WITH",
    "CONFIDENCE",
    "TO",
    "WHEN",
}
