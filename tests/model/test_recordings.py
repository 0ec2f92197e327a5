"""Recorded answers as `check` sees them: joined to the rows, and what does not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cosmosql.compiler import check, examine
from cosmosql.data.looked import Looks
from cosmosql.diagnostics.diagnostic import Diagnostic

ROOT = Path(__file__).parents[2]
Rows = list[dict[str, object]]

SPEC = """
dataset rows using jsonl {
  source = "rows.jsonl"
  id = number

  roles {
    train = 4 examples
    validation = 4 examples
    calibration = 0 examples
    test = 4 examples
  }
}

task moods using classify {
  data = dataset.rows
  input = "{text}"
  target = label
  labels = [minus, plus]
}

model logged using recorded {
  source = "answers.jsonl"
}

strategy logged using prompt {
  model = model.logged
}

query pick {
  for task.moods
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""

CHOOSE = SPEC.replace("using classify", "using choose").replace(
    "  labels = [minus, plus]", "  choices = options"
)
OPEN = SPEC.replace("using classify", "using generate").replace("  labels = [minus, plus]\n", "")


def rows(**more: object) -> Rows:
    return [
        {
            "number": index,
            "text": f"{['bad', 'good'][index % 2]} number {index}",
            "label": ("minus", "plus")[index % 2],
            **more,
        }
        for index in range(12)
    ]


def answers(**more: object) -> Rows:
    return [{"id": row["number"], "output": row["label"], **more} for row in rows()]


Checked = Callable[..., tuple[Diagnostic, ...]]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """What is found in a spec over these rows and these answers to them."""

    def run(
        answered: Rows, *, spec: str = SPEC, asked: Rows | None = None
    ) -> tuple[Diagnostic, ...]:
        files: Mapping[str, Rows] = {"rows": asked or rows(), "answers": answered}
        for name, lines in files.items():
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
        (tmp_path / "spec.cosmos").write_text(spec, encoding="utf-8")
        return check(tmp_path / "spec.cosmos")

    return run


def codes(found: tuple[Diagnostic, ...]) -> list[str]:
    return [item.code for item in found]


def test_what_fits_is_silent(checked: Checked) -> None:
    more = [{"id": "another row's", "output": "whatever"}]
    assert checked(answers() + more) == ()


def test_every_row_without_an_answer_is_told_and_counted(checked: Checked) -> None:
    found = checked(answers()[:5])
    assert codes(found) == ["E0543"] * 5
    assert found[0].labels[0].text == "it answers 5 of 12 rows"
    assert "answers.jsonl has no answer to rows.jsonl:" in found[0].notes[0]
    assert found[-1].notes[-1] == "and 2 more rows like this"


def test_an_empty_file_holds_no_answer(checked: Checked) -> None:
    found = checked([])
    assert set(codes(found)) == {"E0543"}
    assert found[0].labels[0].text == "it holds no answer at all"


def test_an_id_that_is_nearly_there_is_guessed(checked: Checked) -> None:
    renamed = [{**row, "number": f"question-{row['number']}"} for row in rows()]
    told = [{**line, "id": f"question_{line['id']}"} for line in answers()]
    found = checked(told, asked=renamed)
    assert (found[0].help or "").startswith("is it called `question_")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"output": "pluss"}, "did it say `plus`?"),
        ({"output": "A"}, "is no option"),
        ({"output": None, "logits": {"plus": 1.0, "positive": 2.0}}, 'logit of no option: "posi'),
        ({"correct": False}, "contradicts the row"),
    ],
)
def test_an_answer_that_the_task_cannot_have(
    checked: Checked, change: dict[str, object], told: str
) -> None:
    lines = answers()
    lines[3] |= change
    (found,) = checked(lines)
    assert (found.code, found.notes[0].startswith("answers.jsonl:4")) == ("E0544", True)
    assert told in found.notes[0]


def test_strays_may_count_as_wrong(checked: Checked) -> None:
    lines = answers()
    lines[3] |= {"output": "I cannot tell", "correct": False}
    assert codes(checked(lines)) == ["E0544"]
    lenient = SPEC.replace('"answers.jsonl"', '"answers.jsonl"\n  strays = wrong')
    assert checked(lines, spec=lenient) == ()
    lines[3] |= {"correct": True}
    assert "contradicts" in checked(lines, spec=lenient)[0].notes[0]


def test_judgements_stand_for_outputs_where_the_metric_allows(checked: Checked) -> None:
    judged = [{"id": line["id"], "correct": 1} for line in answers()]
    assert checked(judged) == ()
    macro = SPEC.replace("  labels", "  metric = macro_f1\n  labels").replace(
        "maximize accuracy", "maximize macro_f1"
    )
    assert set(codes(checked(judged, spec=macro))) == {"E0544"}
    exact = OPEN.replace("maximize accuracy", "maximize exact_match")
    assert checked(judged, spec=exact) == ()
    overlap = OPEN.replace("  target", "  metric = token_f1\n  target").replace(
        "maximize accuracy", "maximize token_f1"
    )
    assert "token_f1 compares" in checked(judged, spec=overlap)[0].notes[0]


@pytest.mark.parametrize(
    ("options", "label", "said"),
    [
        ({"A": "minus", "B": "plus"}, "AB", "AB"),
        ({"A": "minus", "B": "plus"}, ("minus", "plus"), "AB"),
        (["minus", "plus"], ("minus", "plus"), "AB"),
        (["minus", "plus"], "AB", ("minus", "plus")),
    ],
)
def test_options_are_named_by_letter_or_text(
    checked: Checked, options: object, label: tuple[str, str], said: tuple[str, str]
) -> None:
    asked = [
        {**row, "options": options, "label": label[index % 2]} for index, row in enumerate(rows())
    ]
    told = [{"id": index, "output": said[index % 2], "correct": True} for index in range(12)]
    assert checked(told, asked=asked, spec=CHOOSE) == ()
    told[0]["correct"] = False
    assert codes(checked(told, asked=asked, spec=CHOOSE)) == ["E0544"]


def test_letters_that_are_options_of_other_places_are_unclear(checked: Checked) -> None:
    """A row whose texts are letters cannot be told from one that is answered by letter."""
    asked = [{**row, "options": ["minus", "plus"]} for row in rows()]
    told = [{"id": index, "output": "AB"[index % 2]} for index in range(12)]
    asked[0] |= {"options": ["B", "A"], "label": "B"}
    (found,) = checked(told, asked=asked, spec=CHOOSE)
    assert (found.code, "is unclear" in found.notes[0]) == ("E0544", True)
    asked[1] |= {"label": "B"}
    assert "E0523" in codes(checked(told, asked=asked, spec=CHOOSE))


def test_rows_without_ids_cannot_be_joined(checked: Checked) -> None:
    found = checked(answers(), spec=SPEC.replace("  id = number\n", ""))
    assert codes(found) == ["E0545"]


@pytest.mark.parametrize("using", ["icl", "lora", "qlora"])
def test_recorded_answers_cannot_be_adapted(checked: Checked, using: str) -> None:
    spec = SPEC.replace("logged using prompt", f"logged using {using}")
    found = checked(answers(), spec=spec)
    assert "E0418" in codes(found)


def test_recorded_answers_run_nowhere(checked: Checked) -> None:
    spec = f"import std.hardware as hw\n{SPEC}".replace(
        "  model = model.logged", "  model = model.logged\n  on = hw.l4"
    )
    assert codes(checked(answers(), spec=spec)) == ["E0418"]


def test_costs_in_two_currencies_are_not_compared(checked: Checked) -> None:
    spec = SPEC.replace(
        '  source = "answers.jsonl"', '  source = "answers.jsonl"\n  cost = 1 EUR/request'
    )
    assert codes(checked(answers(), spec=spec)) == ["E0301"]


def test_a_look_depends_on_the_answers_too(checked: Checked, tmp_path: Path) -> None:
    assert checked(answers()) == ()
    looks = Looks(tmp_path / "looks")
    assert examine(tmp_path / "spec.cosmos", looks=looks).told == ()
    lines = answers()
    lines[0]["output"] = "neither"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "answers.jsonl").write_text(text, encoding="utf-8")
    assert codes(examine(tmp_path / "spec.cosmos", looks=looks).told) == ["E0544"]


def test_a_path_stays_inside_unless_the_user_sets_it(checked: Checked, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-answers.jsonl"
    outside.write_text("".join(json.dumps(line) + "\n" for line in answers()), encoding="utf-8")
    spec = 'param place = "answers.jsonl"\n' + SPEC.replace('"answers.jsonl"', "place")
    assert checked(answers(), spec=spec) == ()
    written = spec.replace('"answers.jsonl"', f'"{outside}"')
    assert codes(checked(answers(), spec=written)) == ["E0206"]
    (tmp_path / "spec.cosmos").write_text(spec, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "cosmosql", "check", "spec.cosmos", "--set", f"place={outside}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_looking_at_recorded_answers_loads_no_model_library(
    checked: Checked, tmp_path: Path
) -> None:
    assert checked(answers()) == ()
    program = (
        "import sys; from pathlib import Path; from cosmosql.compiler import check;"
        f"assert not check(Path({str(tmp_path / 'spec.cosmos')!r}));"
        "print(sorted({'torch', 'transformers', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"
