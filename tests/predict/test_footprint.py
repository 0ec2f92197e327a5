"""Memory of members alone and together."""

from __future__ import annotations

import pytest

from cosmosql.contracts.backend import ModelCard
from cosmosql.model.footprint import Load
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.footprint import Footprint, footprint_of, gigabytes


def candidate(kind: str, model: str = "model.m", rank: int = 8) -> Candidate:
    return Candidate(
        name=f"strategy.{kind}",
        strategy=f"strategy.{kind}",
        kind=kind,
        task="task.t",
        model=model,
        retriever=None,
        hardware=None,
        config={"rank": rank},
    )


@pytest.fixture
def card() -> ModelCard:
    return ModelCard(
        weights="0",
        tokenizer="0",
        template=None,
        architecture="llama",
        parameters=1_000_000_000,
        layers=16,
        hidden=2048,
        vocabulary=50_000,
        bytes_per_parameter=2,
        context=2048,
    )


def test_an_adapter_comes_on_top_of_the_weights(card: ModelCard) -> None:
    load = Load(sequences=1, tokens=500)
    prompted, tuned = (footprint_of(candidate(kind), card, load) for kind in ("prompt", "lora"))
    assert prompted.weights == tuned.weights == 2e9
    assert prompted.adapter == 0 and 0 < tuned.adapter < 0.02 * tuned.weights
    assert footprint_of(candidate("lora", rank=16), card, load).adapter == 2 * tuned.adapter
    four = footprint_of(candidate("qlora"), card, load)
    assert four.weights == 5e8 and four.base != tuned.base
    longer = footprint_of(candidate("prompt"), card, Load(sequences=1, tokens=1000))
    assert longer.request > prompted.request > 0


def test_tiers_of_one_model_hold_its_weights_once(card: ModelCard) -> None:
    load = Load(sequences=1, tokens=500)
    first, second = (footprint_of(candidate("lora", rank=rank), card, load) for rank in (8, 16))
    other = footprint_of(candidate("prompt", model="model.other"), card, load)
    alone = gigabytes([first])
    assert gigabytes([first, second]) == pytest.approx(alone + 1.1 * second.adapter / 1e9)
    assert gigabytes([first, other]) == pytest.approx(alone + 1.1 * other.weights / 1e9)
    assert gigabytes([first, Footprint()]) == alone
    assert gigabytes([]) == gigabytes([Footprint()]) == 0
