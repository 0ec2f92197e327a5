"""The manifest of a bundle, `bundle.json`: what `apply` wrote and `predict` answers with."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, JsonValue

from cosmosql.artifact.plan import Metric, Number, Part, Quantity, is_empty, is_none

FORMAT: Final = 1
MANIFEST = "bundle.json"


class BundleTask(Part):
    """What answering needs to know of the task; `input` is the template over a row's columns."""

    kind: str
    input: str
    target: str
    choices: str | None = None
    id: str | None = Field(default=None, exclude_if=is_none)
    """The column that names a row: recorded answers are found by it."""
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
    """Who answers: `members` cheapest first, `person` among them where queries are deferred.

    `rule` is what decides, in the form of the plug-in of that `kind`; without one a cascade goes on
    below its thresholds, one between neighbours, and a mix sends the share to its last member.
    """

    kind: str
    members: tuple[str, ...]
    signal: str | None = None
    thresholds: tuple[float, ...] = ()
    share: float | None = None
    budget: Number = Field(default=None, exclude_if=is_none)
    """Mean money a request that the rule was fitted to."""
    costs: tuple[Number, ...] = Field(default=(), exclude_if=is_empty)
    """Expected money a request of each member."""
    rule: dict[str, JsonValue] | None = Field(default=None, exclude_if=is_none)


class SignalReference(Part):
    """How a signal of a member's answers was distributed when the bundle was made, on the `rows`
    calibration rows for which it was asked: values at evenly spaced shares, lowest first."""

    member: str
    signal: str
    rows: int
    quantiles: tuple[float, ...] = Field(min_length=2)


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
    references: tuple[SignalReference, ...] = Field(default=(), exclude_if=is_empty)
    """What `predict` holds the stream against."""
