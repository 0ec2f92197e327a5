"""Whatever is typed, in whatever order: what is told is what a fresh start would tell, and nothing
raises."""

from __future__ import annotations

import datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.lsp.completion import complete
from cosmosql.lsp.edits import all_fixes, formatted
from cosmosql.lsp.findings import carried, findings
from cosmosql.lsp.forecasts import Plans
from cosmosql.lsp.hover import hover
from cosmosql.lsp.lens import lenses
from cosmosql.lsp.navigation import RenameRefused, definition_of, references, rename
from cosmosql.lsp.symbols import folds, symbols
from cosmosql.lsp.workspace import Workspace
from cosmosql.model.bind import analyse

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "quickstart.cosmos"
TEXT = SPEC.read_text(encoding="utf-8")
TODAY = datetime.date(2026, 2, 1)

FRAGMENTS = st.sampled_from(
    [
        *("", "\n", "\r\n", "{", "}", "(", "[", '"', "#", ".", ",", "=", "\x00", "é😀"),
        *(" using ", "strategy x ", "template ", "import ", "param a = b\n"),
        *("floor", "hw.", "40 USD", "sweep(", "accuracy"),
    ]
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, 30), FRAGMENTS), min_size=1, max_size=5
)
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[object, ...]]:
    return [
        (
            item.code,
            item.title,
            item.notes,
            [(label.span.start, label.text) for label in item.labels],
        )
        for item in diagnostics
    ]


@QUIET
@given(EDITS)
def test_typing_tells_what_a_fresh_start_tells(edits: list[tuple[int, int, str]]) -> None:
    workspace = Workspace(lambda: TODAY)
    text = TEXT
    for version, (place, removed, fragment) in enumerate(edits, start=1):
        text = text[:place] + fragment + text[place + removed :]
        document = workspace.documents.put(SPEC.as_uri(), text, version)
        snapshot = workspace.snapshot(document)
        try:
            texts = {document.real: document.text.text}
            fresh = analyse(SPEC, texts=texts, today=TODAY).diagnostics
        except InputError as error:
            fresh = error.diagnostics
        assert told(snapshot.diagnostics) == told(fresh)
        for finding in findings(workspace, {})[SPEC.as_uri()]:
            for label in finding.diagnostic.labels:
                finding.place.text.position(label.span.start)


@QUIET
@given(EDITS, st.integers(0, len(TEXT)), st.sampled_from(["x", "floor", "hw", "true", "accuracy"]))
def test_no_question_raises(edits: list[tuple[int, int, str]], offset: int, name: str) -> None:
    workspace = Workspace(lambda: TODAY)
    before = workspace.snapshot(workspace.documents.put(SPEC.as_uri(), TEXT, 1))
    text = TEXT
    for place, removed, fragment in edits:
        text = text[:place] + fragment + text[place + removed :]
    snapshot = workspace.snapshot(workspace.documents.put(SPEC.as_uri(), text, 2))
    plans = Plans()
    hover(snapshot, plans, offset)
    complete(snapshot, min(offset, len(snapshot.document.text.text)))
    definition_of(workspace, snapshot, offset)
    references(workspace, snapshot, offset, declaration=True)
    symbols(snapshot)
    folds(snapshot)
    lenses(snapshot, plans)
    formatted(snapshot)
    all_fixes(snapshot.diagnostics, snapshot.document.text.text)
    carried(before.diagnostics, snapshot)
    try:
        rename(workspace, snapshot, offset, name)
    except RenameRefused as refused:
        assert str(refused)
