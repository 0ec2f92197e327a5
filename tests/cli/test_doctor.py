"""`doctor` says what is there and what is missing, and ends well whatever it finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cosmosql import __version__
from cosmosql.cli import doctor

ROOT = Path(__file__).parents[2]


def run(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cosmosql", "doctor", "--no-devices", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_tells_versions_features_and_places(tmp_path: Path) -> None:
    done = run(tmp_path, "--format", "json", HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == []
    assert found["program"]["cosmosql"]["value"] == __version__
    assert "tiny" in found["program"]["standard library"]["value"]
    assert set(found["features"]) == {name for name, _, _ in doctor.EXTRAS}
    assert found["places"]["hub cache"]["value"] == str(tmp_path)
    assert "HF_HUB_OFFLINE" in found["places"]["hub"]["value"]
    assert int(found["machine"]["processors"]["value"]) >= 1


def test_text_says_the_same(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    for heading in ("program", "features", "machine", "plug-ins", "places"):
        assert heading in done.stdout.splitlines()


def test_what_is_missing_comes_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: None)
    found = {(item.section, item.name): item for item in doctor.examined(devices=True)}
    assert "pip install 'cosmosql[qlora]'" in found["features", "qlora"].advice
    assert found["program", "lark"].broken
    assert not found["features", "hf"].broken
    assert found["machine", "accelerators"].value == "unknown"


def test_the_extras_are_those_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    later = {"vllm", "openai", "serve", "ray"}
    assert {name for name, _, _ in doctor.EXTRAS} == set(optional) - {"bench", "dev"} - later
    for name, _, packages in doctor.EXTRAS:
        assert all(any(line.startswith(one) for line in optional[name]) for one in packages), name
    required = {line.split(">=")[0] for line in project["dependencies"]}
    told = {item.name for item in doctor.examined(devices=False) if item.section == "program"}
    assert required <= told


def test_a_plug_in_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    information = tmp_path / "broken-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[cosmosql.extensions]\nmetric.loud = broken_plugin\n"
    )
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('no such luck')\n")
    done = run(tmp_path, "--format", "json", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["plug-ins"]["metric.loud"]
    assert "no such luck" in told["value"]
    assert "broken" in told["advice"]
