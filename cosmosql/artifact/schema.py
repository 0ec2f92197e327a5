"""JSON schemas of the artifacts and of what commands print, for programs that read them."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.artifact.bundle import BundleManifest
from cosmosql.artifact.outputs import (
    AnswerLine,
    DiagnosticsDocument,
    DoctorDocument,
    GraphDocument,
    OutcomeDocument,
    QuoteDocument,
    SummaryDocument,
)
from cosmosql.artifact.plan import Part, PlanDocument
from cosmosql.artifact.scoreboard import ScoreboardDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class EvidenceItems(Part):
    """The outcomes by column, one place a row. `rows` is the digest of the row set's line
    `{"rows": DIGEST, "identities": [SHA-256, …]}`; a row's text is never here."""

    rows: str
    score: tuple[float, ...]
    predicted: tuple[int | None, ...]
    target: tuple[int | None, ...]
    signals: dict[str, tuple[float | None, ...]]
    prompt_tokens: tuple[int, ...]
    completion_tokens: tuple[int, ...]
    cost: tuple[float | None, ...] | None = None
    """USD of each recorded answer; like `seconds` there only where some answer says it."""
    seconds: tuple[float | None, ...] | None = None


class EvidenceUsage(Part):
    """What depends on nothing but the question; seconds and money stay in the ledger."""

    prompt_tokens: int
    cached_tokens: int | None = None
    completion_tokens: int
    training_tokens: int
    requests: int
    labels: int
    flops: float
    money: None


class EvidenceLine(Part):
    """One line of `NAME.evidence.jsonl.gz`: an observation."""

    kind: str
    key: str
    asked: dict[str, JsonValue]
    conditions: dict[str, str]
    role: str | None
    values: dict[str, JsonValue]
    items: EvidenceItems
    usage: EvidenceUsage


ARTIFACTS: dict[str, type[Part]] = {
    "plan": PlanDocument,
    "bundle": BundleManifest,
    "evidence": EvidenceLine,
    "backtest": BacktestDocument,
    "scoreboard": ScoreboardDocument,
    "diagnostics": DiagnosticsDocument,
    "graph": GraphDocument,
    "quote": QuoteDocument,
    "outcome": OutcomeDocument,
    "answer": AnswerLine,
    "summary": SummaryDocument,
    "doctor": DoctorDocument,
}
"""What `cosmosql schema` knows, besides the language."""


def schema(artifact: str) -> dict[str, Any]:
    """The JSON schema of one of `ARTIFACTS`; of files of lines, the schema of one line."""
    body = ARTIFACTS[artifact].model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **body}
