"""Binding: names, imports, extends, parameters, sweeps, budgets, and all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.bind import bind
from cosmosql.model.checks import check
from cosmosql.model.program import Escalation, Literal, Measure, Operation, Program
from cosmosql.resources import resource
from cosmosql.units import Quantity

Bind = Callable[..., tuple[Program | None, tuple[Diagnostic, ...]]]
Make = Callable[..., Program]

BASE = """import std.hardware as hw
import std.tiny as tiny

strategy few using icl {
  model = tiny.model.small
  shots = 4
  on = hw.cpu
}

query pick {
  for tiny.task.desk
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [item.code for item in diagnostics]


def test_defaults_of_a_query(program: Make) -> None:
    query = program(BASE).queries["query.pick"]
    assert query.task == "tiny.task.desk"
    assert query.probe == "std.probes.probe.ladder"
    assert query.budget.probing == {"money": Quantity.parse("1 USD")}
    assert (query.tolerance, query.confidence) == (Decimal("0.01"), Decimal("0.9"))
    assert query.objective.formula == Measure(name="accuracy")
    assert query.requirements == ()


def test_options_come_with_defaults_in_schema_order(program: Make) -> None:
    strategy = program(BASE).strategies["strategy.few"]
    assert strategy.models == ("tiny.model.small",)
    assert strategy.hardware == "hw.hardware.cpu"
    assert strategy.sweeps["shots"] == (4,)
    assert strategy.swept == ()
    text = BASE.replace("using icl", "using lora").replace("shots = 4", "rank = sweep(8, 16)")
    tuned = program(text).strategies["strategy.few"]
    assert tuned.sweeps["rank"] == (8, 16)
    assert tuned.sweeps["share"] == (1.0,)
    assert tuned.swept == ("rank",)


def test_sweeps_over_models_keep_the_order_written(program: Make) -> None:
    text = BASE.replace("tiny.model.small", "sweep(tiny.large, tiny.small)").replace(
        "shots = 4", "shots = sweep(8, 0, 4)"
    )
    strategy = program(text).strategies["strategy.few"]
    assert strategy.models == ("tiny.model.large", "tiny.model.small")
    assert strategy.sweeps["shots"] == (8, 0, 4)
    assert strategy.swept == ("model", "shots")


def test_parameters_and_settings(bound: Bind, program: Make) -> None:
    text = BASE.replace("strategy few", "param floor = 82%\n\nstrategy few").replace(
        "maximize accuracy\n", "maximize accuracy\n  require accuracy >= floor\n"
    )
    assert program(text).parameters == {"floor": "82%"}
    changed = program(text, settings={"floor": "75%"})
    assert changed.parameters == {"floor": "75%"}
    right = changed.queries["query.pick"].requirements[0].right
    assert right == Literal(quantity=Quantity.parse("75%"))
    for setting, code in (
        ({"flor": "75%"}, "E0201"),
        ({"floor": "75 USD"}, "E0301"),
        ({"floor": '"high"'}, "E0302"),
        ({"floor": '1\nimport "/etc/passwd" as x'}, "E0302"),
    ):
        found, diagnostics = bound(text, settings=setting)
        assert found is None
        assert codes(diagnostics) == [code]
    assert codes(bound(text, settings={"floor": "75 %%"})[1])[0] < "E0200"


def test_arithmetic_keeps_units(program: Make) -> None:
    priced = "hardware mine extends hw.h100 {\n  price = 3.50 USD/GPU-hour\n}\n\n"
    hours = "let hours = 8 GPU-hours / 4\n\n"
    text = BASE.replace("strategy few", f"{priced}{hours}strategy few").replace(
        "maximize accuracy\n",
        "maximize accuracy\n  require adapt_cost <= hours * hardware.mine.price\n"
        "  require 1_000 requests/month * serve_cost <= 5 USD/month\n"
        "  require accuracy >= strategy.few.accuracy - 2 pp\n",
    )
    first, second, third = program(text).queries["query.pick"].requirements
    assert isinstance(first.right, Literal)
    assert first.right.quantity == Quantity.parse("7 USD")
    assert isinstance(second.left, Operation)
    assert third.right == Operation(
        operator="-",
        left=Measure(name="accuracy", strategy="strategy.few"),
        right=Literal(quantity=Quantity.parse("2 pp")),
    )
    assert third.text == "accuracy >= strategy.few.accuracy - 2 pp"


def test_budget_meters_become_requirements(program: Make) -> None:
    budget = """budget launch {
  probing {
    money = 3 USD
    wall = 40 min
  }

  adaptation {
    money = 40 USD
    labels = 0 labels
  }

  serving {
    money = 0.004 USD/request
  }
}

"""
    text = budget + BASE.replace("within 1 USD", "within budget.launch")
    text = text.replace(budget, "") + "\n" + budget.rstrip() + "\n"
    query = program(text).queries["query.pick"]
    assert query.budget.name == "budget.launch"
    assert [item.text for item in query.requirements] == [
        "adapt_cost <= 40 USD",
        "labels <= 0 labels",
        "serve_cost <= 0.004 USD/request",
    ]
    assert {item.confidence for item in query.requirements} == {Decimal("0.9")}


FILES = {
    "base/base.cosmos": BASE.replace(
        "strategy few",
        """param least = 80%

dataset rows using jsonl {
  source = "rows.jsonl"
  group = author

  roles {
    test = 100 examples
  }
}

task words using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

strategy few""",
        1,
    )
}


def test_extends_replaces_whole_fields_and_keeps_paths(program: Make, tmp_path: Path) -> None:
    spec = """import "./base/base.cosmos" as base

dataset mine extends base.dataset.rows {
  stays = local

  roles {
    validation = 20 examples
  }
}

dataset moved extends dataset.mine {
  source = "mine.jsonl"
}

task words extends base.task.words {
  data = dataset.moved
  metric = macro_f1
}

strategy more extends base.strategy.few {
  shots = sweep(1, 8)
}
"""
    found = program(spec, FILES)
    mine, moved = found.datasets["dataset.mine"], found.datasets["dataset.moved"]
    assert mine.options["source"] == ("rows.jsonl",)
    assert mine.root == tmp_path / "base"
    assert mine.roles.amounts == {"validation": 20}
    assert (mine.group, mine.stays_local) == ("author", True)
    assert moved.root == tmp_path
    assert moved.stays_local
    task = found.tasks["task.words"]
    assert (task.dataset, task.metric, task.target) == ("dataset.moved", "macro_f1", "label")
    assert found.tasks["base.task.words"].dataset == "base.dataset.rows"
    more = found.strategies["strategy.more"]
    # The inherited names mean what they mean in the file that wrote them.
    assert more.models == ("base.tiny.model.small",)
    assert more.sweeps["shots"] == (1, 8)
    assert found.queries == {}
    assert [module.path for module in found.modules] == [
        "base/base.cosmos",
        "std.hardware",
        "std.probes",
        "std.tiny",
    ]


def test_a_module_has_one_name_however_often_it_is_imported(program: Make) -> None:
    spec = """import std.tiny as tiny
import "./base/base.cosmos" as base

strategy more extends base.strategy.few {
  shots = 8
}
"""
    found = program(spec, FILES)
    assert found.strategies["strategy.more"].models == ("tiny.model.small",)
    assert set(found.models) == {"tiny.model.small", "tiny.model.large"}


def test_settings_reach_imported_parameters(program: Make) -> None:
    spec = 'import "./base/base.cosmos" as base\n'
    assert program(spec, FILES, {"base.least": "70%"}).parameters == {"base.least": "70%"}


def test_policies(bound: Bind, program: Make) -> None:
    text = """import std.tiny as tiny

strategy small using prompt {
  model = tiny.model.small
}

strategy big using prompt {
  model = tiny.model.large
}

policy tiers using cascade {
  stages = [strategy.small, strategy.big]
  escalate to strategy.big when margin < 1.5
}

policy all using auto {
  over = strategy.*
  signal = entropy
}
"""
    found = program(text)
    assert found.policies["policy.tiers"].escalations == (
        Escalation(target="strategy.big", signal="margin", threshold=1.5),
    )
    assert found.policies["policy.all"].over == ("strategy.small", "strategy.big")
    assert found.policies["policy.all"].signal == "entropy"
    for old, new, code in (
        ("when margin < 1.5", "when margn < 1.5", "E0201"),
        ("when margin < 1.5", "when entropy < 1.5", "E0201"),
        ("when margin < 1.5", "when margin > 1.5", "E0302"),
        ("escalate to strategy.big", "escalate to strategy.small", "E0408"),
        ("signal = entropy", "signal = entropie", "E0304"),
        ("over = strategy.*", "over = tiny.model.*", "E0302"),
    ):
        assert codes(bound(text.replace(old, new))[1]) == [code]


def test_ten_mistakes_give_ten_diagnostics(bound: Bind) -> None:
    text = """import std.hardware as hw
import std.modells as models
import std.tiny as tiny

let floor = 3 USD + 2 GPU-hours

dataset rows using jsonll {
  source = "rows.jsonl"
}

task words using classify {
  data = tiny.dataset.dessk
  input = "{text"
  metrik = accuracy
}

strategy few using icl {
  model = tiny.model.small
  shots = "four"
  on = hw.cpu
}

strategy dear using icl {
  model = tiny.model.large
  shots = 4
}

query pick {
  for tiny.task.desk
  among strategy.dear
  measure within 1 USD
  maximize acuracy
  require accuracy >= 80% with confidence 150%
}
"""
    found, diagnostics = bound(text)
    assert found is None
    assert sorted(codes(diagnostics)) == [
        "E0201",
        "E0201",
        "E0203",
        "E0205",
        "E0209",
        "E0301",
        "E0302",
        "E0304",
        "E0501",
    ]
    priced = bound(text.replace("acuracy", "accuracy").replace("150%", "90%"))[1]
    assert "E0407" in codes(priced)
    lines = [item.labels[0].span.source.position(item.labels[0].span.start) for item in diagnostics]
    assert lines == sorted(lines)


def test_a_failed_import_is_told_once(bound: Bind) -> None:
    assert codes(bound(BASE.replace("std.tiny as", "std.tinny as"))[1]) == ["E0205"]


def test_a_query_is_checked_beyond_its_first_mistake(bound: Bind) -> None:
    text = BASE.replace("  on = hw.cpu\n", "").replace(
        "among strategy.*", "among strategy.few, strategy.fewer"
    )
    text = text.replace("accuracy\n}", "accuracy\n  require accuracy >= 3 USD\n}")
    assert sorted(codes(bound(text)[1])) == ["E0201", "E0301", "E0407"]


@pytest.mark.parametrize("line", range(1, 40))
def test_a_missing_line_never_breaks_the_compiler(tmp_path: Path, line: int) -> None:
    lines = FILES["base/base.cosmos"].splitlines(keepends=True)
    text = "".join(lines[: line - 1] + lines[line:])
    found, diagnostics = bind(
        tmp_path / "spec.cosmos", texts={(tmp_path / "spec.cosmos").resolve(): text}
    )
    assert (found is None) == bool(diagnostics)
    assert len(diagnostics) <= 3
    if found is not None:
        check(found)


def test_a_syntax_error_does_not_echo(bound: Bind) -> None:
    text = BASE.replace("shots = 4", "shots == 4")
    assert [code for code in codes(bound(text)[1]) if code >= "E0200"] == []
    both = BASE.replace("shots = 4", "shots == 4").replace("tiny.task.desk", "tiny.task.dessk")
    assert "E0201" in codes(bound(both)[1])


def test_suggestions_are_ready_to_copy(bound: Bind) -> None:
    _, diagnostics = bound(BASE.replace("tiny.task.desk", "tiny.task.dessk"))
    assert diagnostics[0].help == "did you mean `tiny.task.desk`?"
    assert diagnostics[0].labels[0].span.text == "dessk"


def test_a_list_of_values_to_compare_is_a_sweep(bound: Bind) -> None:
    _, diagnostics = bound(BASE.replace("shots = 4", "shots = [1, 4]"))
    assert [item.code for item in diagnostics] == ["E0302"]
    assert diagnostics[0].fix is not None
    assert diagnostics[0].fix.replacement == "sweep(1, 4)"
    named = BASE.replace("shots = 4", "shots = several") + "let several = [1, 4]\n"
    _, diagnostics = bound(named)
    assert [(item.code, item.fix) for item in diagnostics] == [("E0302", None)]
    assert "`sweep(…)`" in (diagnostics[0].help or "")


@pytest.mark.parametrize(("number", "advised"), [("2", True), ("2 USD", False)])
def test_a_number_without_a_unit_is_told_to_have_one(
    bound: Bind, number: str, advised: bool
) -> None:
    text = BASE.replace("maximize accuracy", f"maximize accuracy\n  require latency <= {number}")
    _, diagnostics = bound(text)
    assert [item.code for item in diagnostics] == ["E0301"]
    assert ("without a unit" in (diagnostics[0].help or "")) is advised


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("std.tiny as tiny", "std.tiny as hw", "E0207"),
        ("import std.tiny as tiny", "import std.tiny as model", "E0204"),
        ("shots = 4", "shots = 4.5", "E0302"),
        ("shots = 4", "shots = -1", "E0304"),
        ("shots = 4", "shots = 4 USD", "E0302"),
        ("shots = 4", "shots = sweep()", "E0303"),
        ("shots = 4", "shots = sweep(1, sweep(2, 4))", "E0303"),
        ("shots = 4", "shots = grid(1, 2)", "E0201"),
        ("on = hw.cpu", "on = sweep(hw.cpu, hw.l4)", "E0303"),
        ("on = hw.cpu", "on = tiny.model.small", "E0302"),
        ("on = hw.cpu", "on = hw.cpu.price", "E0302"),
        ("within 1 USD", "within 1 GiB", "E0302"),
        ("within 1 USD", "within hw.cpu", "E0302"),
        ("within 1 USD", "within 1 EUR", "E0301"),
        ("among strategy.*", "among tiny.model.small", "E0302"),
        ("maximize accuracy", "maximize 3 USD", "E0302"),
        ("maximize accuracy", "maximize accuracy + serve_cost", "E0301"),
        ("maximize accuracy", "maximize accuracy\n  maximize accuracy", "E0207"),
        ("maximize accuracy", "maximize accuracy\n  require accuracy == 80%", "E0302"),
        ("maximize accuracy", "maximize accuracy\n  require 1 USD <= 2 USD", "E0302"),
        ("maximize accuracy", "maximize accuracy\n  require accuracy >= 82", "E0304"),
        ("maximize accuracy", "maximize accuracy\n  require 101% > accuracy", "E0304"),
        ("maximize accuracy", "maximize accuracy\n  require accuracy >= -1%", "E0304"),
        ("maximize accuracy", "maximize accuracy\n  decide within 5 USD", "E0302"),
        ("maximize accuracy", "maximize accuracy\n  decide within 0 pp", "E0304"),
        ("for tiny.task.desk", "for tiny.model.small", "E0302"),
        ("  for tiny.task.desk\n", "", "E0209"),
    ],
)
def test_one_mistake_gives_one_diagnostic(bound: Bind, old: str, new: str, code: str) -> None:
    assert old in BASE
    found, diagnostics = bound(BASE.replace(old, new))
    if found is not None:
        diagnostics = check(found)
    own = [item for item in codes(diagnostics) if item != "E0201" or code == "E0201"]
    assert own == [code]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (BASE.replace("  model = ", "  modle = "), "modle"),
        (BASE + "\nretriever near using bm25 {\n  corpsu = tiny.dataset.desk\n}\n", "corpsu"),
    ],
)
def test_what_is_misspelled_is_not_missing_as_well(bound: Bind, text: str, wrong: str) -> None:
    (found,) = bound(text)[1]
    assert (found.code, found.labels[0].span.text) == ("E0203", wrong)


def test_a_forgotten_percent_sign_is_written_into_the_help(bound: Bind) -> None:
    text = BASE.replace("maximize accuracy", "maximize accuracy\n  require accuracy >= 82")
    (found,) = bound(text)[1]
    assert found.help == "write `82%`"
    limits = ("0%", "0.82", "82%", "100%", "-1% + 2%")
    for limit in limits:
        assert bound(text.replace(">= 82", f">= {limit}"))[1] == ()


def test_private_rows_reach_local_models_only(program: Make) -> None:
    from dataclasses import replace

    text = BASE.replace(
        "strategy few",
        "dataset own extends tiny.dataset.desk {\n  stays = local\n}\n\n"
        "task own extends tiny.task.desk {\n  data = dataset.own\n}\n\nstrategy few",
        1,
    ).replace("for tiny.task.desk", "for task.own")
    found = program(text)
    assert check(found) == ()
    remote = {name: replace(model, local=False) for name, model in found.models.items()}
    assert codes(check(replace(found, models=remote))) == ["E0405"]


def test_a_dense_retriever_needs_the_model_of_its_strategy(bound: Bind) -> None:
    text = BASE.replace(
        "strategy few",
        "retriever near using dense {\n  corpus = tiny.dataset.desk\n}\n\n"
        "strategy vote using baseline {\n  method = knn\n  retriever = retriever.near\n}\n\n"
        "strategy few",
        1,
    )
    assert codes(bound(text)[1]) == ["E0209"]
    assert bound(text.replace("using dense", "using bm25"))[1] == ()


@pytest.mark.parametrize("path", sorted(resource("stdlib").glob("*.cosmos")), ids=lambda p: p.stem)
def test_the_standard_library_binds(path: Path) -> None:
    found, diagnostics = bind(path)
    assert diagnostics == ()
    assert found is not None
    assert check(found) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hardware own {\n  price = 1 USD/GPU-hour\n}\n", "E0209"),
        ('hardware own {\n  as_of = "January"\n}\n', "E0302"),
        ("hardware own {\n  memory = 24 USD\n}\n", "E0301"),
        ("hardware own using l4 {\n}\n", "E0212"),
        (f'import "./{"x" * 3000}.cosmos" as other\n', "E0205"),
        ('import "./." as other\n', "E0205"),
        ('import "/etc/hosts" as other\n', "E0206"),
        ("import std.tiny.more as tiny\n", "E0205"),
        ("dataset a extends dataset.a {\n}\n", "E0210"),
        ("dataset a extends task.a {\n}\n\ntask a {\n}\n", "E0302"),
        ("dataset a using generated {\n  task = desk\n\n  rules {\n  }\n}\n", "E0203"),
        ("dataset a using generated {\n  task = desk\n  for task.a\n}\n", "E0203"),
        (
            "dataset a using generated {\n  task = desk\n\n  roles {\n    test = 60%\n"
            "    train = 60%\n  }\n}\n",
            "E0304",
        ),
        ("probe quick {\n  seeds = []\n}\n", "E0304"),
        ("budget b {\n  serving {\n    money = 3 USD\n  }\n}\n", "E0301"),
        ("let a = 1 / 0\n", "E0304"),
        ("let a = b.c\n", "E0201"),
    ],
)
def test_small_files(bound: Bind, text: str, code: str) -> None:
    _, diagnostics = bound(text)
    assert code in codes(diagnostics)
    assert set(codes(diagnostics)) <= {code, "E0209", "E0212"}


def test_missing_spec(tmp_path: Path) -> None:
    found, diagnostics = bind(tmp_path / "none.cosmos")
    assert found is None
    assert codes(diagnostics) == ["E0109"]


def test_a_misspelt_kind_is_told_once(bound: Bind) -> None:
    text = BASE.replace("strategy few", "stratgy few", 1)
    assert codes(bound(text.replace("strategy.*", "strategy.few"))[1]) == ["E0208"]
    assert codes(bound(text)[1]) == ["E0208"]
