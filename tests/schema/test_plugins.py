"""Entry points are found wherever `importlib.metadata` finds them."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from cosmosql.schema.plugins import entry_points
from cosmosql.schema.registry import plugin_versions

GROUP = "cosmosql.extensions"
DECLARED = f"[{GROUP}]\nretriever.colbert = colbert:EXTENSION\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one directory on the path."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "nothing")])
    return tmp_path


def declare(directory: Path, text: str) -> None:
    directory.mkdir(parents=True)
    (directory / "METADATA").write_text("Name: colbert\nVersion: 1\n", encoding="utf-8")
    (directory / "entry_points.txt").write_text(text, encoding="utf-8")


def found() -> list[tuple[str, str]]:
    return [(point.name, point.value) for point in entry_points(GROUP)]


def test_where_nobody_declares_one_none_is_looked_up(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(place / "other-1.dist-info", "[console_scripts]\nother = other:main\n")
    (place / "broken-1.dist-info").mkdir()
    monkeypatch.delitem(sys.modules, "importlib.metadata", raising=False)
    assert found() == []
    assert "importlib.metadata" not in sys.modules


def test_a_package_that_declares_one_is_found(place: Path) -> None:
    declare(place / "colbert-1.dist-info", DECLARED)
    assert found() == [("retriever.colbert", "colbert:EXTENSION")]


def test_the_version_of_its_package_is_known(place: Path) -> None:
    assert plugin_versions() == ()
    declare(place / "colbert-1.dist-info", DECLARED)
    assert plugin_versions() == ("colbert 1",)


def test_a_place_that_cannot_be_read_is_left_to_the_library(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(place / "colbert-1.dist-info", DECLARED)
    monkeypatch.setattr(sys, "path", [str(place / ("x" * 5000)), str(place)])
    assert found() == [("retriever.colbert", "colbert:EXTENSION")]


def test_a_zip_on_the_path_is_asked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = place / "packages.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("colbert-1.dist-info/METADATA", "Name: colbert\nVersion: 1\n")
        file.writestr("colbert-1.dist-info/entry_points.txt", DECLARED)
    monkeypatch.setattr(sys, "path", [str(archive)])
    assert found() == [("retriever.colbert", "colbert:EXTENSION")]
