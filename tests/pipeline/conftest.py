"""A small project with a random checkpoint, and the same project after its first run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = 100

SPEC = """
hardware here {
  price = 1 USD/GPU-hour
  source = "a round number"
  as_of = "2026-01-01"
}

dataset rows using jsonl {
  source = "rows.jsonl"

  roles {
    validation = 20 examples
    calibration = 12 examples
    test = 20 examples
  }
}

task colours using classify {
  data = dataset.rows
  input = "{text}"
  target = label
  metric = accuracy
}

model small using hf {
  id = "./model"
}

retriever nearest using bm25 {
  corpus = dataset.rows
}

strategy free using baseline {
  method = sweep(majority, tfidf)
}

strategy bare using prompt {
  model = model.small
  on = hardware.here
}

strategy near using icl {
  model = model.small
  retriever = retriever.nearest
  shots = sweep(1, 2)
  on = hardware.here
}

strategy drawn using icl {
  model = model.small
  shots = 2
  on = hardware.here
}

strategy tuned using lora {
  model = model.small
  rank = 4
  epochs = 1
  share = sweep(50%, 100%)
  on = hardware.here
}

policy tiers using auto {
  over = [strategy.bare, strategy.near]
}

probe quick {
  sizes = [16, 24]
  shots = [1, 2]
  rows = 20 examples
  seeds = [11]
}
"""

PICK = """
query pick {
  for task.colours
  among strategy.*, policy.tiers
  measure with probe.quick within 5 USD
  maximize accuracy
}
"""

TUNE = """
query tune {
  for task.colours
  among strategy.tuned
  measure with probe.quick within 5 USD
  maximize accuracy
}
"""

THINGS = ["sea", "sky", "cat", "dog", "card", "payment", "arrival", "light"]
EXTRAS = ["deep", "very good", "not bad", "the one", "two three", "a four", "what", "where yes"]
COLOURS = ["red", "green", "blue"]


def row(index: int) -> dict[str, str]:
    """Distinct texts of words that the checkpoints know; the thing says the colour."""
    thing, extra = THINGS[index % 8], EXTRAS[index // 8 % 8]
    return {
        "text": f"the {thing} is {extra} {EXTRAS[index // 64]}",
        "label": COLOURS[index % 8 % 3],
    }


def make_project(directory: Path, model: Path, text: str) -> Path:
    """The spec `colours.cosmos` with its rows and model beside it."""
    directory.mkdir(parents=True)
    shutil.copytree(model, directory / "model")
    lines = [json.dumps(row(index)) for index in range(ROWS)]
    (directory / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = directory / "colours.cosmos"
    spec.write_text(text, encoding="utf-8")
    return spec


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, checkpoint: Callable[[str], Path]) -> Path:
    """The spec of a project that was run once. It is shared: ask for `project` to change it."""
    from cosmosql.pipeline import run

    spec = make_project(
        tmp_path_factory.mktemp("finished") / "project", checkpoint("llama"), SPEC + PICK
    )
    run(spec)
    return spec


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project's spec, with ledger, plan and evidence."""
    shutil.copytree(finished.parent, tmp_path / "project")
    return tmp_path / "project" / finished.name
