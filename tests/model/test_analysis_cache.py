"""Analysing again with what an analysis before has kept."""

from __future__ import annotations

from pathlib import Path

from cosmosql.model.bind import analyse
from cosmosql.model.memory import Memory

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "quickstart.cosmos"


def test_an_analysis_is_the_same_with_a_memory() -> None:
    text = SPEC.read_text(encoding="utf-8")
    memory = Memory()
    for edited in (text, text.replace("83%", "84%"), text.replace("among", "amon"), text):
        texts = {SPEC.resolve(): edited}
        first, second = analyse(SPEC, texts=texts), analyse(SPEC, texts=texts, memory=memory)
        assert first.diagnostics == second.diagnostics
        assert first.program == second.program
        assert [module.tree for module in first.modules.all] == [
            module.tree for module in second.modules.all
        ]
    again = analyse(SPEC, texts={SPEC.resolve(): text}, memory=memory)
    # What did not change is not even built again.
    assert all(
        one.tree is other.tree
        for one, other in zip(again.modules.all, second.modules.all, strict=True)
    )
