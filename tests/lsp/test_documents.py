"""URIs and the paths for which they stand; buffers of one file under several names."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.lsp.documents import NOWHERE, Documents, path_of, uri_of
from cosmosql.lsp.workspace import Workspace

NAMES = st.text(
    alphabet=st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1
)


@pytest.mark.skipif(os.name == "nt", reason="names are narrower there")
@given(NAMES)
def test_a_path_comes_back_from_its_uri(name: str) -> None:
    path = Path("/folder") / name
    assert path_of(uri_of(path)) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a%20b/%C3%BC.cosmos", "/a b/ü.cosmos"),
        ("file:///a;b/c%23d.cosmos", "/a;b/c#d.cosmos"),
        ("FILE:///a.cosmos", "/a.cosmos"),
        ("file://localhost/a.cosmos", "/a.cosmos"),
        ("file:/a.cosmos", "/a.cosmos"),
        ("file:///a%00b", None),
        ("file:a.cosmos", None),
        ("file:", None),
        ("file://", None),
        ("file://[broken", None),
        ("untitled:Untitled-1", None),
        ("git:/a.cosmos?x", None),
        ("", None),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths have drives there")
def test_uris_of_clients(uri: str, path: str | None) -> None:
    assert path_of(uri) == (None if path is None else Path(path))


def test_what_is_no_file_stands_where_no_file_can_be() -> None:
    document = Documents().put("untitled:Untitled-1", "let a = 1\n", 1)
    assert not document.saved
    assert document.path.parent == NOWHERE
    assert not document.path.exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_of_two_buffers_of_a_file_the_one_changed_last_counts(tmp_path: Path) -> None:
    (tmp_path / "base.cosmos").write_text("let a = 1\n", encoding="utf-8")
    (tmp_path / "other.cosmos").symlink_to(tmp_path / "base.cosmos")
    workspace = Workspace(lambda: datetime.date(2026, 2, 1))
    documents = workspace.documents
    base, other = uri_of(tmp_path / "base.cosmos"), uri_of(tmp_path / "other.cosmos")
    spec = uri_of(tmp_path / "spec.cosmos")
    text = 'import "./base.cosmos" as base\n\nlet c = base.b\n'

    def codes(uri: str) -> list[str]:
        document = documents.get(uri)
        assert document is not None
        return [item.code for item in workspace.snapshot(document).diagnostics]

    documents.put(spec, text, 1)
    documents.put(base, "let b = 1\n", 1)
    assert codes(spec) == []
    documents.put(other, "let d = 1\n", 1)
    assert codes(spec) == ["E0201"]
    documents.put(base, "let b = 2\n", 2)
    assert codes(spec) == []
    # Each buffer is still analysed as what it holds itself.
    documents.put(other, "let d = 1 apple\n", 2)
    assert codes(other) == ["E0103"]
    assert codes(base) == []
    documents.close(base)
    documents.close(other)
    assert codes(spec) == ["E0201"]
