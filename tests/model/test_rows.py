"""Rows of a query: corpora, leaks, remote data, and the generated tasks of the tiny family."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cosmosql.data.rows import Role
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.model import rows
from cosmosql.model.bind import bind
from cosmosql.model.program import Program
from cosmosql.model.rows import examine_data, inputs_of, load_data
from cosmosql.resources import resource

Make = Callable[..., Program]

SPEC = """import std.hardware as hw
import std.tiny as tiny

dataset rows using jsonl {
  source = "rows.jsonl"
}

dataset others using jsonl {
  source = "others.jsonl"

  roles {
    train = 100%
    validation = 0%
    calibration = 0%
    test = 0%
  }
}

task words using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

retriever near using bm25 {
  corpus = dataset.others
}

strategy few using icl {
  model = tiny.model.small
  retriever = retriever.near
  shots = 4
  on = hw.cpu
}

query pick {
  for task.words
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""


def lines(count: int, **more: object) -> str:
    rows = ({"text": f"text {i}", "label": "ab"[i % 2], **more} for i in range(count))
    return "".join(json.dumps(row) + "\n" for row in rows)


def other(count: int) -> str:
    return lines(count).replace("text ", "other ")


def test_a_query_reads_its_rows_and_its_corpora(program: Make) -> None:
    found = program(SPEC, {"rows.jsonl": lines(100), "others.jsonl": other(50)})
    assert examine_data(found)[0] == ()
    data = load_data(found, found.queries["query.pick"])
    assert sorted(data) == ["dataset.others", "dataset.rows"]
    assert len(data["dataset.others"].rows[Role.TRAIN]) == 50
    assert inputs_of(found)["dataset.rows"] == ("text",)


def test_a_task_is_looked_at_once_for_all_its_queries(
    program: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    check = rows.Scene.check

    def counted(scene: rows.Scene) -> tuple[Diagnostic, ...]:
        looked.append(scene.dataset.name)
        return check(scene)

    monkeypatch.setattr(rows.Scene, "check", counted)
    text = SPEC + SPEC[SPEC.index("query pick") :].replace("pick", "other")
    found = program(text, {"rows.jsonl": lines(100), "others.jsonl": other(50)})
    wrong, loaded = examine_data(found)
    assert (wrong, list(loaded)) == ((), ["query.pick", "query.other"])
    assert looked == ["dataset.rows", "dataset.others"]


def test_a_corpus_with_judged_rows_leaks(program: Make) -> None:
    found = program(SPEC, {"rows.jsonl": lines(100), "others.jsonl": lines(100)})
    leaks = examine_data(found)[0]
    assert {item.code for item in leaks} == {"E0404"}
    assert leaks[-1].notes[-1].startswith("and ")
    with pytest.raises(InputError):
        load_data(found, found.queries["query.pick"])


def test_a_corpus_needs_the_columns_of_the_task(program: Make) -> None:
    files = {"rows.jsonl": lines(100), "others.jsonl": other(50).replace('"label"', '"labels"')}
    (found,) = examine_data(program(SPEC, files))[0]
    assert (found.code, found.help) == ("E0510", "did you mean `labels`?")
    assert "others.jsonl:" in found.notes[0]


def test_mistakes_of_several_kinds_come_together(program: Make) -> None:
    bad = '{"text": null, "label": "a"}\n{"text": "x", "label": ""}\n'
    files = {"rows.jsonl": lines(100) + bad, "others.jsonl": other(50) + "{\n"}
    codes = [item.code for item in examine_data(program(SPEC, files))[0]]
    assert sorted(codes) == ["E0515", "E0515", "E0517"]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ('input = "{text}"', 'input = "{texts}"', "E0510", 'input = "{texts}"'),
        ("target = label", "target = lable", "E0510", "target = lable"),
        ("target = label", "target = label\n  labels = [a]", "E0514", "labels = [a]"),
        ('"rows.jsonl"', '"row.jsonl"', "E0511", 'source = "row.jsonl"'),
        ('"rows.jsonl"', '"rows.jsonl"\n  id = label', "E0513", "id = label"),
        ('"rows.jsonl"', '"rows.jsonl"\n  group = who', "E0510", "group = who"),
        (
            '"rows.jsonl"',
            '"rows.jsonl"\n  roles {\n    test = 900 examples\n  }',
            "E0512",
            "roles",
        ),
    ],
)
def test_findings_point_at_the_attribute_that_they_are_about(
    program: Make, old: str, new: str, code: str, line: str
) -> None:
    files = {"rows.jsonl": lines(100), "others.jsonl": other(50)}
    found = examine_data(program(SPEC.replace(old, new, 1), files))[0]
    own = [item for item in found if item.code == code]
    assert {item.labels[0].span.text for item in own} == {line}


def test_rows_that_only_the_network_has_are_left_out(program: Make) -> None:
    spec = SPEC.replace('using jsonl {\n  source = "rows.jsonl"', 'using hf {\n  source = "a/b"')
    assert examine_data(program(spec, {"others.jsonl": other(50)}))[0] == ()


def test_numbers_and_booleans_are_labels(program: Make) -> None:
    numbers = "".join(json.dumps({"text": f"t {i}", "label": i % 2}) + "\n" for i in range(100))
    spec = SPEC.replace("target = label", "target = label\n  labels = [0, 1]").replace(
        "  retriever = retriever.near\n", ""
    )
    assert examine_data(program(spec, {"rows.jsonl": numbers}))[0] == ()


def test_the_tiny_family_has_every_generated_task() -> None:
    from cosmosql.extensions.sources.generated.tasks import TASKS

    found, _ = bind(resource("stdlib") / "tiny.cosmos")
    assert found is not None
    assert set(found.tasks) == {f"task.{name}" for name in TASKS}
    for name, made in TASKS.items():
        task = found.tasks[f"task.{name}"]
        assert (task.using, task.input, task.target) == (made.kind, made.input, made.target)
        assert task.choices == made.choices
        assert found.datasets[task.dataset].options["task"] == name
    assert examine_data(found)[0] == ()


def test_checking_a_spec_is_light(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "spec.cosmos").write_text(SPEC)
    (tmp_path / "rows.jsonl").write_text(lines(100))
    (tmp_path / "others.jsonl").write_text(other(50))
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cosmosql.model.bind import bind\n"
        "from cosmosql.model.checks import check\n"
        "from cosmosql.model.rows import examine_data\n"
        "program, found = bind(Path(sys.argv[1]))\n"
        "assert program and not found + check(program) + examine_data(program)[0]\n"
        "heavy = {'torch', 'transformers', 'sklearn', 'datasets', 'numpy', 'scipy'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "spec.cosmos")]
    run = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "others.jsonl",
        "rows.jsonl",
        "spec.cosmos",
    ]
