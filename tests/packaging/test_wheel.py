"""The wheel, built and installed apart from the repository: what it needs travels with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quickstart.cosmos"
SAMPLE = ROOT / "tests" / "artifact" / "sample.plan.json"
LEFT_BEHIND = shutil.ignore_patterns("*.plan.json", "*.evidence.jsonl.gz", "*.bundle", ".cosmosql")


class Installed:
    """A wheel's contents and a directory to work in, from which the repository is not seen."""

    def __init__(self, packages: Path, place: Path) -> None:
        self.packages = packages
        self.place = place

    def python(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Without the site's `.pth` files, so that an editable install of the repository is out."""
        dependencies = [path for path in sys.path if path.endswith("-packages")]
        return subprocess.run(
            [sys.executable, "-S", *map(str, arguments)],
            cwd=self.place,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(self.packages), *dependencies]),
                "OMP_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def cosmosql(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "cosmosql", *arguments)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    directory = tmp_path_factory.mktemp("wheel")
    built = directory / "built"
    packages = directory / "packages"
    place = directory / "place"
    place.mkdir()
    for command in (
        ["build", "--wheel", "--no-isolation", "--outdir", str(built), str(ROOT)],
        ["pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(packages)],
    ):
        wheel = [str(path) for path in built.glob("*.whl")] if command[0] == "pip" else []
        done = subprocess.run(
            [sys.executable, "-m", *command, *wheel], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return Installed(packages, place)


def test_the_repository_is_not_seen(installed: Installed) -> None:
    done = installed.python("-c", "import cosmosql; print(cosmosql.__file__)")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.packages)


def test_grammar_library_and_pages_travel(installed: Installed) -> None:
    done = installed.cosmosql("init", "new")
    assert done.returncode == 0, done.stderr
    done = installed.cosmosql("check", "new/task.cosmos")
    assert done.returncode == 0, done.stderr
    done = installed.cosmosql("explain", "E0301")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "docs" / "errors" / "E0301.md").read_text(encoding="utf-8")
    done = installed.cosmosql("show", SAMPLE)
    assert done.returncode == 0, done.stderr
    assert installed.cosmosql("show", "new/task.cosmos", "--stage", "graph").returncode == 0


def test_the_language_describes_itself(installed: Installed) -> None:
    done = installed.cosmosql("schema", "language")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "docs" / "schema" / "language.json").read_text(encoding="utf-8")
    done = installed.python("-m", "pygments", "-l", "cosmos", "-f", "raw", "new/task.cosmos")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Token.Keyword.Type\t'strategy'" in done.stdout


def test_a_wheel_holds_the_package_alone(installed: Installed) -> None:
    names = {path.name for path in installed.packages.iterdir() if path.is_dir()}
    assert {name for name in names if not name.endswith(".dist-info")} <= {"cosmosql", "bin"}
    share = installed.packages / "cosmosql" / "share"
    assert sorted(path.name for path in share.iterdir()) == ["errors", "grammar", "stdlib"]


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example is not there")
@pytest.mark.slow
def test_the_quickstart_runs(installed: Installed) -> None:
    shutil.copytree(EXAMPLE.parent, installed.place / "examples", ignore=LEFT_BEHIND)
    done = installed.cosmosql("run", "--quiet", "examples/quickstart.cosmos")
    assert done.returncode in (0, 3), done.stderr
    assert (installed.place / "examples" / "quickstart.plan.json").is_file()
    assert (installed.place / "examples" / "quickstart.report.html").is_file()
