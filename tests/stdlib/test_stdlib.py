"""The standard library: what each module says, that its example runs, and its page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cosmosql.cli.main import main
from cosmosql.model.bind import Analysis, analyse
from cosmosql.model.program import Model, Program
from cosmosql.schema.registry import extension
from cosmosql.source import Source
from cosmosql.syntax.format import format_source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Block
from tests.docs.test_grammar import script

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "stdlib"
EXAMPLES = ROOT / "examples" / "std"
MODULES = sorted(path.stem for path in LIBRARY.glob("*.cosmos"))
FROM_THE_HUB = ["models"]
EMBEDDED = [name for name in MODULES if name not in FROM_THE_HUB]
TODAY = date(2026, 11, 20)

PAGE = script("stdlib")

HEAD = """import std.hardware as hw
import std.policies as policies
import std.strategies as strategies
import std.tasks as tasks
import std.tiny as tiny

dataset rows using jsonl {
  source = "rows.jsonl"
}

retriever nearest using bm25 {
  corpus = dataset.rows
}

strategy small using prompt {
  model = tiny.small
}

strategy large using prompt {
  model = tiny.large
}
"""
OPEN = {
    "strategy": "  model = tiny.small\n  on = hw.cpu\n",
    "task": "  data = dataset.rows\n",
}
"""What a block that extends a template of the kind names."""
UNTOLD = {"model.gpt_oss_20b": {"parameters"}}
"""Facts that are left out on purpose."""


def analysed(path: Path) -> Analysis:
    return analyse(path, today=TODAY)


def program(path: Path) -> Program:
    """A spec without errors; old prices are warned of, and that is right."""
    found = analysed(path)
    assert not found.failed, found.diagnostics
    return found.program


def written(module: str) -> str:
    return (LIBRARY / f"{module}.cosmos").read_text(encoding="utf-8")


def blocks(module: str) -> Iterator[Block]:
    tree, diagnostics = parse(Source(module, written(module)))
    assert diagnostics == ()
    return (node for node in tree.declarations if isinstance(node, Block))


def templates(kind: str) -> list[str]:
    module = {"strategy": "strategies", "policy": "policies", "task": "tasks"}[kind]
    return [f"{module}.{block.name.text}" for block in blocks(module) if block.template]


@pytest.fixture
def cosmosql(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """What a command line without mistakes prints, run in this process."""

    def run(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["cosmosql", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert not ended.value.code, captured.err
        return captured.out

    return run


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_right_canonical_and_told_of(module: str) -> None:
    path = LIBRARY / f"{module}.cosmos"
    assert analysed(path).diagnostics == ()
    assert format_source(Source(module, written(module))) == written(module)
    assert written(module).startswith("# ")
    assert [block.name.text for block in blocks(module) if not block.doc] == []


def test_the_page_is_current() -> None:
    """Made again with `python docs/stdlib.py`."""
    assert set(PAGE.MODULES) == set(MODULES)
    assert PAGE.PAGE.read_text(encoding="utf-8") == PAGE.page()


def test_the_examples_in_the_heads_bind(tmp_path: Path) -> None:
    found = re.findall(r"```cosmos\n(.*?)```", PAGE.PAGE.read_text(encoding="utf-8"), re.S)
    assert len(found) >= 2 * len(MODULES) - 1
    for number, text in enumerate(found):
        path = tmp_path / f"example{number}.cosmos"
        path.write_text(text, encoding="utf-8")
        program(path)


@pytest.mark.parametrize("module", MODULES)
def test_an_example_asks_its_question_of_the_module(module: str) -> None:
    found = analysed(EXAMPLES / f"{module}.cosmos")
    assert found.diagnostics == ()
    assert f"std.{module}" in {used.path for used in found.program.modules}
    assert list(found.program.queries) == ["query.pick"]


@pytest.mark.parametrize("module", EMBEDDED)
def test_an_example_on_embedded_models_is_quoted(cosmosql: Callable[..., str], module: str) -> None:
    quoted = " ".join(cosmosql("quote", EXAMPLES / f"{module}.cosmos").split())
    assert "the rest fits the budget in its worst case" in quoted


@pytest.mark.parametrize("module", MODULES)
def test_an_example_is_drawn(cosmosql: Callable[..., str], module: str) -> None:
    assert cosmosql("graph", EXAMPLES / f"{module}.cosmos").startswith("flowchart")


def test_without_the_hub_a_quote_says_what_to_fetch(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "cosmosql", "quote", str(EXAMPLES / "models.cosmos")],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "E0533" in refused.stderr
    assert re.search(r"hf download \S+ --revision [0-9a-f]{40}", refused.stderr)
    assert "Traceback" not in refused.stderr


def test_models_are_pinned_and_described() -> None:
    models = program(LIBRARY / "models.cosmos").models.values()
    assert len({model.options["id"] for model in models}) == len(models)
    assert len({model.options["revision"] for model in models}) == len(models)
    for model in models:
        assert re.fullmatch("[0-9a-f]{40}", str(model.options["revision"])), model.name
        assert set(model.facts) == {"parameters", "licence"} - UNTOLD.get(model.name, set())
        assert int(str(model.options["context"])) % 1024 == 0, model.name


def named_size(model: Model) -> float | None:
    """Parameters as the id tells them: `Qwen2.5-0.5B` is 5e8; None where it tells none."""
    found = re.search(r"[-_](\d+(?:\.\d+)?)([BbMm])\b", str(model.options["id"]))
    return float(found[1]) * {"b": 1e9, "m": 1e6}[found[2].lower()] if found else None


def test_parameters_agree_with_the_names_of_the_models() -> None:
    models = program(LIBRARY / "models.cosmos").models.values()
    sizes = [(model, named_size(model)) for model in models]
    told = [(model, size) for model, size in sizes if size and model.name not in UNTOLD]
    assert len(told) > 40
    for model, size in told:
        # The makers round, leave embeddings out or count them twice.
        assert 0.75 <= int(str(model.facts["parameters"])) / size <= 1.5, model.name


def test_hardware_is_priced_by_a_list_with_a_date() -> None:
    found = program(LIBRARY / "hardware.cosmos").hardware
    here = found.pop("hardware.cpu")
    assert here.price_assumed
    assert here.peak_flops is None
    for device in found.values():
        assert device.price
        assert not device.price_assumed
        assert device.price_source
        assert date.fromisoformat(str(device.price_as_of)) <= TODAY, device.name
        assert device.memory
        assert device.bandwidth
        assert device.peak_flops
        assert Decimal("0.1") <= device.price.value <= 20, device.name
        # Operations a byte: what every accelerator of these years lies between.
        assert 50 <= device.peak_flops / float(device.bandwidth.base) <= 500, device.name


def test_endpoint_prices_are_in_proportion() -> None:
    found = program(LIBRARY / "prices.cosmos").prices
    assert len(found) >= 30
    for price in found.values():
        assert date.fromisoformat(str(price.as_of)) <= TODAY
        assert price.input.base <= price.output.base <= 10 * price.input.base, price.name
        assert price.cached_input is None or price.cached_input.base < price.input.base, price.name


@pytest.mark.parametrize("template", templates("strategy"))
def test_a_strategy_template_takes_a_model_and_hardware(tmp_path: Path, template: str) -> None:
    spec = tmp_path / "spec.cosmos"
    spec.write_text(f"{HEAD}\nstrategy mine extends {template} {{\n{OPEN['strategy']}}}\n")
    mine = program(spec).strategies["strategy.mine"]
    options = {field.name for field in extension("strategy", mine.using).options}
    assert set(mine.sweeps) == options


@pytest.mark.parametrize("template", templates("task"))
def test_a_task_template_takes_rows(tmp_path: Path, template: str) -> None:
    spec = tmp_path / "spec.cosmos"
    spec.write_text(f"{HEAD}\ntask mine extends {template} {{\n{OPEN['task']}}}\n")
    mine = program(spec).tasks["task.mine"]
    assert mine.instruction
    assert ("{labels}" in mine.instruction) == (mine.using == "classify")


@pytest.mark.parametrize("template", templates("policy"))
def test_a_policy_template_takes_strategies(tmp_path: Path, template: str) -> None:
    taken = "stages" if "cautious" in template else "over"
    spec = tmp_path / "spec.cosmos"
    chosen = f"  {taken} = [strategy.small, strategy.large]\n"
    spec.write_text(f"{HEAD}\npolicy mine extends {template} {{\n{chosen}}}\n")
    assert program(spec).policies["policy.mine"].over == ("strategy.small", "strategy.large")
