"""Imported configurations: each becomes a spec without mistakes that says what it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.importers.draft import Draft, name_of, quoted, template
from cosmosql.importers.read import TOOLS, read
from cosmosql.model.bind import Analysis, analyse
from cosmosql.source import Source
from cosmosql.syntax.format import format_source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Constant, Text

FILES = sorted((Path(__file__).parent / "files").iterdir())
TUNING = "base_model: x\ndatasets: [{path: rows.jsonl}]\nadapter: lora\n"


def draft(name: str) -> Draft:
    return read(Path(__file__).parent / "files" / name)


def analysis(draft: Draft, directory: Path) -> Analysis:
    path = (directory / "spec.cosmos").resolve()
    return analyse(path, texts={path: draft.text()})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_import_is_a_spec_without_mistakes(path: Path, tmp_path: Path) -> None:
    made = read(path)
    found = analysis(made, tmp_path)
    assert [item for item in found.diagnostics if item.code.startswith("E")] == []
    assert len(found.program.queries) == 1
    formatted = format_source(Source("spec.cosmos", made.text()))
    assert format_source(Source("spec.cosmos", formatted)) == formatted


def test_axolotl_carries_the_adapter(tmp_path: Path) -> None:
    made = draft("qlora.yml")
    program = analysis(made, tmp_path).program
    tuned = program.strategies["strategy.tuned"]
    assert tuned.using == "qlora"
    assert {name: values[0] for name, values in tuned.sweeps.items()} == {
        "share": 1.0,
        "epochs": 1.0,
        "rank": 32,
        "alpha": 16,
        "dropout": 0.05,
        "learning_rate": 2e-4,
        "batch_size": 8,
    }
    model = program.models["model.llama_3_2_1b"]
    assert model.options["revision"] == "4e20de362430cd3b72f300e6b0f18e50e7166e08"
    assert model.options["context"] == 2048
    assert program.datasets["dataset.rows"].roles.amounts == {"validation": 0.1}
    left = dict(made.left)
    assert "datasets: mhenrichsen/alpaca_2k_test" in left
    assert {"lora_target_modules", "optimizer", "output_dir"} <= left.keys()
    assert "wandb_project" not in left


def test_what_changes_the_weights_is_never_left_out_silently(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(f"{TUNING}load_in_8bit: true\nload_in_4bit: false\n", encoding="utf-8")
    assert {key for key, _ in read(path).left if key.startswith("load_in")} == {"load_in_8bit"}


def test_full_fine_tuning_is_said_to_be_missing(tmp_path: Path) -> None:
    made = draft("full.yml")
    assert list(analysis(made, tmp_path).program.strategies) == ["strategy.zero_shot"]
    assert "adapter" in dict(made.left)


def test_promptfoo_carries_rows_and_local_models(tmp_path: Path) -> None:
    made = draft("promptfooconfig.yaml")
    program = analysis(made, tmp_path).program
    task = program.tasks["task.answers"]
    assert task.input == "Name the capital of {country}. Answer with {{one}} word."
    assert [row["expected"] for row in made.rows] == ["Paris", "Yamoussoukro"]
    assert program.models["model.qwen2_5_0_5b_instruct"].options["id"] == (
        "Qwen/Qwen2.5-0.5B-Instruct"
    )
    left = [key for key, _ in made.left]
    assert any("openai" in key for key in left)
    assert {"tests, entry 3: llm-rubric", "defaultTest: latency"} <= set(left)


def test_promptfoo_tells_what_a_provider_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text(
        "prompts: ['{{text}}']\n"
        "providers:\n"
        "  - id: huggingface:text-generation:ours/small\n"
        "    config: {max_new_tokens: 5, temperature: 0}\n",
        encoding="utf-8",
    )
    left = dict(read(file).left)
    name = "provider `huggingface:text-generation:ours/small`"
    assert left[f"{name}: max_new_tokens"] == "write `max_tokens` in the task"
    assert f"{name}: temperature" in left


def test_lm_eval_carries_splits_and_shots(tmp_path: Path) -> None:
    made = draft("task.yaml")
    program = analysis(made, tmp_path).program
    task = program.tasks["task.science_quiz"]
    assert (task.using, task.target, task.choices) == ("choose", "answer", "choices")
    assert program.datasets["dataset.rows"].options["test"] == "test"
    assert program.strategies["strategy.few_shot"].sweeps["shots"] == (5,)
    assert {"process_docs", "metric acc_norm"} <= dict(made.left).keys()


def test_lm_eval_reads_local_files(tmp_path: Path) -> None:
    made = draft("generate.yaml")
    program = analysis(made, tmp_path).program
    rows = program.datasets["dataset.rows"]
    assert (rows.using, rows.options["train"]) == ("jsonl", ("data/train.jsonl",))
    assert program.tasks["task.sums"].max_tokens == 64
    assert "doc_to_text" in dict(made.left)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E0540"),
        ("- a\n- b\n", "E0540"),
        ("a: [\n", "E0540"),
        ("[" * 20_000, "E0540"),
        ("kind: Pod\nmetadata: {}\n", "E0541"),
        ("a: !!python/object/apply:os.system ['touch never']\n", "E0541"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read(path)
    assert [item.code for item in error.value.diagnostics] == [code]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
KEYS = {
    "axolotl": ("base_model", "datasets", "adapter", "lora_r", "lora_dropout", "learning_rate"),
    "promptfoo": ("prompts", "providers", "tests", "defaultTest", "description"),
    "lm-eval": ("task", "doc_to_text", "dataset_path", "doc_to_choice", "metric_list"),
}


@pytest.mark.parametrize("tool", sorted(TOOLS))
@given(data=st.data())
def test_odd_values_never_break_an_import(tool: str, data: st.DataObject) -> None:
    from importlib import import_module

    document = {key: data.draw(VALUES) for key in KEYS[tool]}
    made = import_module(TOOLS[tool]).draft(document, Path("file.yaml"))
    _, diagnostics = parse(Source("spec.cosmos", made.text()))
    assert diagnostics == ()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_a_text_is_quoted_so_that_it_reads_back(text: str) -> None:
    tree, diagnostics = parse(Source("a.cosmos", f"let a = {quoted(text)}\n"))
    assert diagnostics == ()
    (constant,) = tree.declarations
    assert isinstance(constant, Constant)
    assert isinstance(constant.value, Text)
    plain = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
    assert constant.value.value == plain


@given(st.text(max_size=20))
def test_names_are_names(text: str) -> None:
    assert name_of(text, "model").isidentifier()
    assert name_of(text, "model").isascii()


def test_templates_that_hold_more_than_names() -> None:
    assert template("{{a}} and {b}") == "{a} and {{b}}"
    for text in ("{{ a | trim }}", "{% if a %}x{% endif %}", "{{ a['b'] }}", "{{ a"):
        assert template(text) is None


ASKING = "prompts: ['{{q}}']\nproviders: [x]\n"


@pytest.mark.parametrize("text", [f"{TUNING}lora_r: 1{'0' * 400}\n", f"{TUNING}lora_r: .nan\n"])
def test_numbers_without_a_counterpart_are_left_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    assert "rank" not in read(path).text()


@pytest.mark.parametrize(
    "text",
    [
        f"{ASKING}tests: &tests [*tests]\n",
        f"{ASKING}a0: &a0 [x, x]\n"
        + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(30)),
        f"{ASKING}a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 300)}]\n",
    ],
)
def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read(path)
    assert [item.code for item in raised.value.diagnostics] == ["E0540"]


@pytest.mark.parametrize("value", ["!!bool often", "!!timestamp soon", "!!float much", "!!int x"])
def test_a_value_that_is_not_what_its_tag_says(value: str, tmp_path: Path) -> None:
    path = tmp_path / "qlora.yml"
    path.write_text(f"base_model: {value}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    assert [item.code for item in caught.value.diagnostics] == ["E0540"]


def test_letters_that_json_writes_in_two_halves(tmp_path: Path) -> None:
    tests = [{"vars": {"q": "\U0001f600"}, "assert": [{"type": "equals", "value": "\ud800"}]}]
    document = {"prompts": ["\U0001f600 {{q}}"], "providers": ["openai:gpt-4o"], "tests": tests}
    path = tmp_path / "promptfooconfig.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    made = read(path)
    assert made.rows[0] == {"q": "\U0001f600", "expected": "\ufffd"}
    assert "\U0001f600 {q}" in made.text()
