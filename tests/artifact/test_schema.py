"""The schemas in docs/schema are those of the models, and the sample obeys its own."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cosmosql.artifact.schema import ARTIFACTS, schema
from cosmosql.evidence.file import lines
from cosmosql.evidence.keys import key_of
from cosmosql.evidence.observation import Item, Observation

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("artifact", sorted(ARTIFACTS))
def test_the_checked_in_schema_is_current(artifact: str) -> None:
    """Made again with `cosmosql schema ARTIFACT > docs/schema/ARTIFACT.schema.json`."""
    path = ROOT / "docs" / "schema" / f"{artifact}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == schema(artifact)


def test_the_sample_plan_obeys_its_schema() -> None:
    plan = json.loads((Path(__file__).parent / "sample.plan.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema("plan"))
    validator.validate(plan)
    del plan["decision"]["chosen"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(plan)


def test_lines_of_an_evidence_file_obey_their_schema() -> None:
    item = Item(
        row="a" * 64,
        score=1.0,
        predicted=0,
        target=0,
        signals={"margin": 0.5},
        prompt_tokens=7,
        completion_tokens=1,
    )
    asked = {"step": "evaluate/1"}
    observation = Observation(
        kind="evaluate",
        key=key_of(asked),
        asked=asked,
        conditions={"dtype": "float32"},
        role="validation",
        items=(item,),
    )
    _, rows, line = lines([observation])
    jsonschema.Draft202012Validator(schema("evidence")).validate(json.loads(line))
    assert json.loads(rows)["identities"] == ["a" * 64]
