"""Artifacts on disk: one byte form, whole or not at all, and clear words about a bad one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.artifact import storage
from cosmosql.artifact.plan import PlanDocument, Step
from cosmosql.artifact.storage import document_bytes, read_bundle, read_plan, write_bytes
from cosmosql.diagnostics.diagnostic import InputError

SAMPLE = Path(__file__).parent / "sample.plan.json"


def code_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_plan(path)
    return caught.value.diagnostics[0].code


def test_reading_and_writing_give_the_same_bytes() -> None:
    assert document_bytes(read_plan(SAMPLE)) == SAMPLE.read_bytes()


def test_bytes_do_not_depend_on_the_order_of_free_mappings() -> None:
    plan = read_plan(SAMPLE)
    versions = dict(reversed(plan.locked.versions.items()))
    shuffled = plan.model_copy(
        update={"locked": plan.locked.model_copy(update={"versions": versions})}
    )
    assert list(versions) != sorted(versions)
    assert document_bytes(shuffled) == document_bytes(plan)


def test_keys_that_this_version_does_not_know_survive(tmp_path: Path) -> None:
    value = json.loads(SAMPLE.read_text())
    value["from_the_future"] = {"kept": True}
    value["decision"]["also"] = 1
    path = tmp_path / "new.plan.json"
    path.write_text(json.dumps(value))
    written = json.loads(document_bytes(read_plan(path)))
    assert written["from_the_future"] == {"kept": True}
    assert written["decision"]["also"] == 1


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_numbers_have_six_significant_digits_and_reading_is_exact(number: float) -> None:
    step = Step(id="s", kind="k", arguments={"number": number})
    text = document_bytes(step)
    again = Step.model_validate_json(text)
    assert document_bytes(again) == text
    kept = json.loads(text)["with"]["number"]
    assert kept == float(f"{number:.6g}")
    assert str(kept) != "-0.0"


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        document_bytes(Step(id="s", kind="k", arguments={"number": float("nan")}))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"format": 9}', "E0801"),
        (b'{"format": "1"}', "E0801"),
        (b'{"format": true}', "E0801"),
        (b"{", "E0803"),
        (b"\xff\xfe", "E0803"),
        (b"[1]", "E0803"),
        (b"{}", "E0803"),
        (b'{"format": 1}', "E0803"),
        (b"[" * 100_000, "E0803"),
        (b'{"format": 1, "query": "\\ud800"}', "E0803"),
    ],
)
def test_a_bad_file_is_a_diagnostic(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "bad.plan.json"
    path.write_bytes(content)
    assert code_of(path) == code


def test_a_missing_file_and_a_missing_bundle_are_diagnostics(tmp_path: Path) -> None:
    assert code_of(tmp_path / "no.plan.json") == "E0803"
    assert code_of(tmp_path) == "E0803"
    with pytest.raises(InputError) as caught:
        read_bundle(tmp_path)
    assert caught.value.diagnostics[0].code == "E0803"


def test_a_wrong_shape_names_the_key(tmp_path: Path) -> None:
    value = json.loads(SAMPLE.read_text())
    value["candidates"][3]["metric"]["n"] = "many"
    path = tmp_path / "bad.plan.json"
    path.write_text(json.dumps(value))
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert "`candidates.3.metric.n`" in caught.value.diagnostics[0].notes[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "NaN", "1e999999999"])
def test_an_amount_that_is_no_number_is_refused(tmp_path: Path, value: object) -> None:
    plan = json.loads(SAMPLE.read_text())
    plan["candidates"][0]["adapt_cost"]["value"] = value
    path = tmp_path / "bad.plan.json"
    path.write_text(json.dumps(plan))
    assert code_of(path) == "E0803"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.plan.json"
    write_bytes(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(InputError) as caught:
        write_bytes(path, b"new")
    assert caught.value.diagnostics[0].code == "E0804"
    assert "No space left" in caught.value.diagnostics[0].notes[0]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_a_file_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        write_bytes(tmp_path / "file" / "a.plan.json", b"new")
    assert caught.value.diagnostics[0].code == "E0804"


@pytest.mark.parametrize("instant", ["fsync", "replace"])
def test_a_kill_while_writing_leaves_the_old_file_whole(tmp_path: Path, instant: str) -> None:
    path = tmp_path / "a.plan.json"
    path.write_bytes(b"old")
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from cosmosql.artifact import storage\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{'storage.os.fsync' if instant == 'fsync' else 'Path.replace'} = die\n"
        f"storage.write_bytes(Path({str(path)!r}), b'new')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
    write_bytes(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_the_document_has_the_keys_of_format_1() -> None:
    promised = {
        "format",
        "spec",
        "query",
        "locked",
        "budget",
        "candidates",
        "policies",
        "decision",
        "evidence",
        "steps",
    }
    value = json.loads(SAMPLE.read_text())
    assert promised <= set(value)
    assert set(value["locked"]) == {"models", "datasets", "prices", "versions", "seed"}
    assert set(value["budget"]) == {"caps", "spent", "exhaustive"}
    candidate = value["candidates"][0]
    assert {"name", "kind", "status", "metric", "measures", "adapt_cost", "serve_cost"} <= set(
        candidate
    )
    assert {"name", "value", "low", "high", "confidence", "basis", "n"} <= set(candidate["metric"])
    assert {"value", "low", "high", "unit"} <= set(candidate["serve_cost"])
    assert isinstance(candidate["serve_cost"]["value"], str)
    assert {"kind", "signal", "thresholds", "metric", "serve_cost", "auc", "curve"} <= set(
        value["policies"][0]
    )
    assert {"status", "chosen", "reasons", "next_evidence"} <= set(value["decision"])
    assert {"digest", "observations", "test_reads"} <= set(value["evidence"])
    assert set(value["steps"][0]) == {"id", "kind", "needs", "with"}
    assert PlanDocument.model_validate(value)


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_bytes(pipe, b"content")
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)
    assert pipe.is_fifo() and [entry.name for entry in tmp_path.iterdir()] == ["pipe"]
