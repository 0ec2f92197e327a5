"""The extensions of docs/extending, installed as packages and used together in one spec."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from cosmosql.contracts.predictor import CurvePoint, Predictor, Series, Target
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.schema import registry

PAGES = Path(__file__).parents[2] / "docs" / "extending"
FENCE = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.M | re.S)
ORDER = (
    "dataset-source",
    "metric",
    "model-backend",
    "strategy",
    "retriever",
    "predictor",
    "policy",
)

REST = """
hardware here {
  price = 1 USD/GPU-hour
  source = "a round number"
  as_of = "2026-01-01"
}

strategy tuned using lora {
  model = model.words
  share = sweep(50%, 100%)
  on = hardware.here
}

probe quick {
  sizes = [16, 24]
  shots = [1, 2]
  rows = 20 examples
  seeds = [11]
}

query pick {
  for task.colours
  among strategy.*, policy.tiers
  measure with probe.quick within 5 USD
  maximize first_letter
}
"""


def fences(page: str, language: str) -> list[tuple[str, str]]:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return [(name, body) for word, name, body in FENCE.findall(text) if word == language]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page's module as a distribution with the page's entry point."""
    modules = []
    for page in ORDER:
        [(name, code)] = fences(page, "python")
        (tmp_path / "site" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "site" / name).write_text(code, encoding="utf-8")
        [(_, project)] = fences(page, "toml")
        points = tomllib.loads(project)["project"]["entry-points"]["cosmosql.extensions"]
        module = name.removesuffix(".py")
        modules.append(module)
        information = tmp_path / "site" / f"{module}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Name: {module}\nVersion: 1.0\n", encoding="utf-8")
        lines = [f"{key} = {value}" for key, value in points.items()]
        (information / "entry_points.txt").write_text(
            "[cosmosql.extensions]\n" + "\n".join(lines) + "\n", encoding="utf-8"
        )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    registry._places.cache_clear()
    yield
    registry._places.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The specs of all pages as one, and rows for it."""
    path = tmp_path / "colours.cosmos"
    parts = [body for page in ORDER for _, body in fences(page, "cosmos")]
    path.write_text("\n".join(parts) + REST, encoding="utf-8")
    colours, things = ("red", "green", "blue"), ("sea", "sky", "cat", "dog", "card", "light")
    rows = [
        f"the {things[index % 6]} of number {index}\t{colours[index % 6 % 3]}"
        for index in range(120)
    ]
    (tmp_path / "rows.tsv").write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
    return path


def test_every_page_is_listed() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert pages == set(ORDER)
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert pages == set(re.findall(r"\]\(([\w-]+)\.md\)", index))


@pytest.mark.usefixtures("installed")
def test_a_spec_runs_on_extensions_alone(spec: Path) -> None:
    from cosmosql.apply.answer import predict
    from cosmosql.apply.execute import apply
    from cosmosql.compiler import check
    from cosmosql.pipeline import run

    assert check(spec) == ()
    done = run(spec)
    values = {one.name: one.metric for one in done.plan.candidates}
    assert set(values) == {
        "strategy.asked[times=1]",
        "strategy.asked[times=3]",
        "strategy.shown[shots=1]",
        "strategy.shown[shots=2]",
        "strategy.tuned[share=50%]",
        "strategy.tuned[share=100%]",
    }
    assert {metric.name for metric in values.values()} == {"first_letter"}
    assert all(metric.value is not None for metric in values.values())
    assert values["strategy.shown[shots=1]"].value > values["strategy.asked[times=1]"].value
    [tiers] = done.plan.policies
    assert tiers.kind == "by_length" and tiers.name.startswith("policy.tiers")
    again = run(spec)
    assert again.measured == 0
    assert again.plan == done.plan

    assert str(done.plan.decision.chosen).startswith("strategy.shown")
    bundle = apply(done.plan_path).bundle
    [answer] = predict(bundle, [{"text": "the sea of number 7"}])
    assert answer["answer"] == "red"


@pytest.mark.usefixtures("installed")
def test_a_malformed_file_is_a_diagnostic(spec: Path) -> None:
    from cosmosql.compiler import compile_spec

    rows = spec.parent / "rows.tsv"
    rows.write_text(rows.read_text(encoding="utf-8") + "\nno tab", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        compile_spec(spec)
    assert [one.code for one in refused.value.diagnostics] == ["E0517"]
    rows.unlink()
    with pytest.raises(InputError) as refused:
        compile_spec(spec)
    assert [one.code for one in refused.value.diagnostics] == ["E0511"]


@pytest.mark.usefixtures("installed")
def test_the_predictor_holds_the_last_point() -> None:
    predictor = cast(Predictor, registry.load(registry.extension("predictor", "flat")))
    low, high = np.full(100, 0.4), np.linspace(0.5, 0.7, 100)
    points = (
        CurvePoint(size=32, value=0.6, draws=high, n=50),
        CurvePoint(size=16, value=0.4, draws=low, n=50),
    )
    series = Series(kind="finetune", points=points)
    nothing = Series(kind="finetune", points=())
    [[found], [unknown]] = predictor.forecast(
        [series, nothing], [[Target(size=512)], [Target(size=512)]], draws=100, seed=0
    )
    assert np.array_equal(found, high)
    assert "no point" in unknown.reason
