"""The extension for VS Code: its description fits the rest, and it can be packaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

import cosmosql

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "grammar" / "vscode"
GENERATED = ("cosmos.tmLanguage.json", "cosmos.language-configuration.json")


def manifest() -> dict[str, object]:
    loaded: dict[str, object] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    return loaded


def test_the_manifest_fits_the_package_and_the_grammar() -> None:
    told = manifest()
    assert told["version"] == cosmosql.__version__
    contributes = told["contributes"]
    assert isinstance(contributes, dict)
    (grammar,) = contributes["grammars"]
    (language,) = contributes["languages"]
    written = json.loads((ROOT / "grammar" / GENERATED[0]).read_text("utf-8"))
    assert grammar["scopeName"] == written["scopeName"]
    assert language["extensions"] == [".cosmos"]
    assert {Path(grammar["path"]).name, Path(language["configuration"]).name} == set(GENERATED)


def test_the_program_that_it_starts_is_there() -> None:
    script = (EXTENSION / "extension.js").read_text("utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert '"cosmosql"' in script
    assert "cosmosql" in scripts
    assert 'args: ["lsp"]' in script


@pytest.mark.slow
def test_it_is_packaged(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    for directory in ("grammar", "Makefile", "LICENSE"):
        source = ROOT / directory
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / directory)
    done = subprocess.run(
        ["make", "vscode"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "ENOTFOUND" in done.stderr + done.stdout:
        pytest.skip("npm reaches no registry")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "build" / "cosmosql.vsix") as package:
        names = {name.removeprefix("extension/") for name in package.namelist()}
        assert {"dist/extension.js", "package.json", "readme.md", *GENERATED} <= names
        for name in GENERATED:
            packed = package.read(f"extension/{name}")
            assert packed == (ROOT / "grammar" / name).read_bytes()
        bundle = tmp_path / "extension.js"
        bundle.write_bytes(package.read("extension/dist/extension.js"))
    assert subprocess.run(["node", "--check", bundle], check=False).returncode == 0
