"""The manifest of a bundle, `bundle.json`: what `apply` wrote and `predict` answers with."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, JsonValue

from cosmosql.artifact.plan import Metric, Part, Quantity

FORMAT: Final = 1
MANIFEST = "bundle.json"


class BundleTask(Part):
    """What answering needs to know of the task; `input` is the template over a row's columns."""

    kind: str
    input: str
    target: str
    choices: str | None = None
    labels: tuple[str, ...] = ()
    metric: str
    instruction: str = ""
    separator: str
    max_tokens: int


class BundleModel(Part):
    """How the member's model is loaded again. `root` is the directory that relative paths in
    `options` start at, itself relative to the bundle; `weights` is a SHA-256."""

    name: str
    using: str
    options: dict[str, JsonValue]
    root: str
    weights: str | None = None


class BundleRetriever(Part):
    name: str
    using: str
    options: dict[str, JsonValue]
    directory: str


class BundleMember(Part):
    """One candidate made ready. Directories are relative to the bundle."""

    name: str
    kind: str
    directory: str
    config: dict[str, JsonValue]
    model: BundleModel | None = None
    retriever: BundleRetriever | None = None


class BundlePolicy(Part):
    """Who answers: `members` cheapest first, one threshold between neighbours."""

    kind: str
    members: tuple[str, ...]
    signal: str | None = None
    thresholds: tuple[float, ...] = ()
    share: float | None = None


class Outcome(Part):
    """A forecast and what the full run measured."""

    name: str
    forecast: Metric | Quantity
    measured: Metric | Quantity
    within: bool | None
    """Whether the measured value lies in the forecast interval; null where either is unmeasured."""


class BundleManifest(Part):
    format: Literal[1] = FORMAT
    plan: str
    """SHA-256 of the plan document's bytes."""
    task: BundleTask
    policy: BundlePolicy
    members: tuple[BundleMember, ...] = Field(min_length=1)
    outcomes: tuple[Outcome, ...] = ()
