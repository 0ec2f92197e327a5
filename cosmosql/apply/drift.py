"""Whether a stream of rows still is like those that a bundle was made with, by its signals.

Each member's signal on the stream is held against its calibration rows, window by window, by the
two-sample Kolmogorov-Smirnov test. The j-th window is tested at a level of ALARM / (j (j + 1)),
shared among the members: these levels add up to ALARM, so a stream that has not drifted raises a
warning with a probability of at most ALARM, however long it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import kolmogorov

from cosmosql.artifact.bundle import SignalReference
from cosmosql.artifact.outputs import DriftFound, SummaryDocument
from cosmosql.artifact.storage import read_bundle
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.identity import rounded
from cosmosql.policies.rows import coarse

ALARM = 0.01
"""Probability of a warning, at most, where nothing has drifted."""

WINDOW = 500
"""Rows with the signal that are tested together."""

FEWEST = 50
"""Rows of the last window, without which it is not tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Rows of the stream for which a member was asked, from the `start`-th on, against its
    reference."""

    start: int
    rows: int
    distance: float
    p_value: float
    drifted: bool


def distance(reference: SignalReference, values: Sequence[float]) -> float:
    """The largest difference of the two distribution functions. A reference of fewer values than
    rows is every per mille of them, and so are its steps."""
    known = np.sort(np.asarray(reference.quantiles))
    found = np.sort(coarse(np.asarray(values, np.float64)))
    every = np.concatenate([known, found])
    below = [np.searchsorted(one, every, side="right") / len(one) for one in (known, found)]
    return float(np.abs(below[0] - below[1]).max())


def p_value(apart: float, known: int, found: int) -> float:
    """How probable so large a distance is between samples of one distribution, by its limit, which
    is on the safe side at these sizes (Smirnov 1939)."""
    return float(kolmogorov(np.sqrt(known * found / (known + found)) * apart))


class Stream:
    """One member's signal on the rows for which it is asked."""

    def __init__(self, reference: SignalReference, alarm: float) -> None:
        self.reference = reference
        self.windows: list[Window] = []
        self._alarm = alarm
        self._waiting: list[float] = []
        self._seen = 0

    def add(self, signals: Mapping[str, float]) -> Window | None:
        """The window that the answer fills, if it does."""
        value = signals.get(self.reference.signal, np.nan)
        if np.isfinite(value):
            self._waiting.append(value)
        return self.tested() if len(self._waiting) == WINDOW else None

    def ended(self) -> Window | None:
        """The last window, where it has rows enough."""
        return self.tested() if len(self._waiting) >= FEWEST else None

    def tested(self) -> Window:
        apart = distance(self.reference, self._waiting)
        chance = p_value(apart, self.reference.rows, len(self._waiting))
        number = len(self.windows) + 1
        window = Window(
            start=self._seen,
            rows=len(self._waiting),
            distance=rounded(apart),
            p_value=rounded(chance),
            drifted=chance <= self._alarm / (number * (number + 1)),
        )
        self._seen += window.rows
        self._waiting.clear()
        self.windows.append(window)
        return window


class Watch:
    """What `predict` counts and tests while it answers."""

    def __init__(self, references: Sequence[SignalReference]) -> None:
        alarm = ALARM / max(len(references), 1)
        self._streams = {one.member: Stream(one, alarm) for one in references}
        self._answered: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._warned: set[str] = set()

    @classmethod
    def of(cls, bundle: Path) -> Watch:
        """Of a bundle; raises InputError E0801 or E0803 where it cannot be read."""
        return cls(read_bundle(bundle).references)

    def asked(self, member: str, signals: Mapping[str, float]) -> Diagnostic | None:
        """Counts a member's answer; W0813 where it is the first that shows a drift."""
        self._asked[member] = self._asked.get(member, 0) + 1
        stream = self._streams.get(member)
        return None if stream is None else self._told(stream, stream.add(signals))

    def answered(self, member: str) -> None:
        self._answered[member] = self._answered.get(member, 0) + 1

    def ended(self) -> tuple[Diagnostic, ...]:
        """What the last windows show."""
        found = [self._told(stream, stream.ended()) for stream in self._streams.values()]
        return tuple(one for one in found if one is not None)

    def _told(self, stream: Stream, window: Window | None) -> Diagnostic | None:
        member = stream.reference.member
        if window is None or not window.drifted or member in self._warned:
            return None
        self._warned.add(member)
        return drifted(stream.reference, window)

    @property
    def summary(self) -> SummaryDocument:
        """What was counted and found."""
        return SummaryDocument(
            rows=sum(self._answered.values()),
            asked=dict(sorted(self._asked.items())),
            answered=dict(sorted(self._answered.items())),
            drift=tuple(
                DriftFound(
                    member=stream.reference.member,
                    signal=stream.reference.signal,
                    reference=stream.reference.rows,
                    windows=len(stream.windows),
                    drifted=[one.start for one in stream.windows if one.drifted],
                    distance=max(one.distance for one in stream.windows),
                    p_value=min(one.p_value for one in stream.windows),
                )
                for stream in self._streams.values()
                if stream.windows
            ),
        )


def drifted(reference: SignalReference, window: Window) -> Diagnostic:
    """W0813: a member's signal is no longer distributed as it was."""
    first, last = window.start + 1, window.start + window.rows
    return Diagnostic(
        code="W0813",
        title="the rows to answer are unlike those that the bundle was made with",
        notes=(
            f"{reference.member}: its `{reference.signal}` on the answers {first} to {last} "
            f"differs from that on {reference.rows} calibration rows by {window.distance:.3g} "
            f"(Kolmogorov-Smirnov, p = {window.p_value:.2g})",
            f"a stream that is like them warns in at most {ALARM:.0%} of all cases",
        ),
        help="who answers, and any guarantee, was settled on other rows: plan again with rows like "
        "these",
    )
