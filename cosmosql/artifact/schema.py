"""JSON schemas of the artifacts, for editors and for programs that read them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue

from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.artifact.bundle import BundleManifest
from cosmosql.artifact.plan import Part, PlanDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class EvidenceItem(Part):
    """The outcome on one row, which is named by its SHA-256; its text is never here."""

    row: str
    score: float = Field(ge=0, le=1)
    predicted: int | None
    target: int | None
    signals: dict[str, float]
    prompt_tokens: int
    completion_tokens: int


class EvidenceUsage(Part):
    prompt_tokens: int
    completion_tokens: int
    training_tokens: int
    requests: int
    labels: int
    seconds: float
    accelerator_seconds: float
    money: str
    flops: float


class EvidenceLine(Part):
    """One line of `NAME.evidence.jsonl.gz`: an observation."""

    kind: str
    key: str
    asked: dict[str, JsonValue]
    conditions: dict[str, str]
    role: str | None
    values: dict[str, JsonValue]
    items: tuple[EvidenceItem, ...] = ()
    usage: EvidenceUsage


ARTIFACTS: dict[str, type[Part]] = {
    "plan": PlanDocument,
    "bundle": BundleManifest,
    "evidence": EvidenceLine,
    "backtest": BacktestDocument,
}


def schema(artifact: str) -> dict[str, Any]:
    """The JSON schema of `plan`, `bundle`, `evidence` (of one line) or `backtest`."""
    body = ARTIFACTS[artifact].model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **body}
