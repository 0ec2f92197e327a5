"""Lints fire where their docstrings say, and keep silent where they cannot be sure."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cosmosql.compiler import check, compile_spec, examine
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.lint.split import rows_needed
from cosmosql.plan.budget import caps
from cosmosql.plan.reach import unreachable_sweeps

TODAY = datetime.date(2026, 7, 1)
HEAD = "import std.hardware as hw\nimport std.tiny as tiny\n\n"
FEW = "strategy few using icl {\n  model = tiny.small\n  shots = 4\n  on = hw.cpu\n}\n\n"
GUESS = "strategy guess using baseline {\n  method = sweep(majority, tfidf)\n}\n\n"
PICK = "query pick {\n  for tiny.task.intent\n  among strategy.*\n  maximize accuracy\n}\n"

Found = Callable[..., list[Diagnostic]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """What a spec's text is told, with further files beside it by name."""

    def run(text: str, **files: str) -> list[Diagnostic]:
        for name, content in {"spec": text, **files}.items():
            (tmp_path / f"{name}.cosmos").write_text(content, encoding="utf-8")
        return list(check(tmp_path / "spec.cosmos", today=TODAY))

    return run


def codes(found: list[Diagnostic]) -> list[str]:
    return [item.code for item in found]


def asking(*clauses: str, text: str = PICK) -> str:
    return text.replace(
        "accuracy\n}", "accuracy\n" + "".join(f"  {one}\n" for one in clauses) + "}"
    )


# W0215


def test_each_kind_of_declaration_can_be_unused(found: Found) -> None:
    unused = (
        "import std.prices as prices\nparam floor = 80%\nlet half = 50%\n"
        "budget little {\n}\n\ntemplate strategy shape using icl {\n}\n\n"
    )
    told = found(unused + HEAD + FEW + PICK.replace("strategy.*", "strategy.few"))
    assert codes(told) == ["W0215"] * 5
    assert [item.labels[0].span.text for item in told] == [
        "prices",
        "floor",
        "half",
        "little",
        "shape",
    ]
    assert [item.fix is not None for item in told] == [True, False, False, False, False]


def test_what_is_reached_through_others_is_used(found: Found) -> None:
    text = (
        HEAD
        + "param shots = 4\nlet most = shots\n\n"
        + "template strategy shape using icl {\n  shots = most\n}\n\n"
        + "retriever near using bm25 {\n  corpus = tiny.dataset.intent\n}\n\n"
        + "strategy few extends strategy.shape {\n  model = tiny.small\n  on = hw.cpu\n"
        + "  retriever = near\n}\n\n"
        + PICK
    )
    assert found(text) == []


def test_a_file_without_a_query_is_a_library(found: Found) -> None:
    assert found("param floor = 80%\nimport std.tiny as tiny\n") == []


def test_an_imported_file_is_not_judged(found: Found) -> None:
    base = HEAD + FEW + "param idle = 3\n"
    told = found(
        'import "./base.cosmos" as base\nimport std.tiny as tiny\n\n'
        + PICK.replace("strategy.*", "base.strategy.few"),
        base=base,
    )
    assert told == []


# W0415


def hub(revision: str = "") -> str:
    model = f'model mine using hf {{\n  id = "team/model"\n{revision}}}\n\n'
    return HEAD + model + FEW.replace("tiny.small", "model.mine") + PICK


def test_hub_models_name_a_commit(found: Found, tmp_path: Path) -> None:
    (told,) = found(hub())
    assert (told.code, told.labels[0].span.text) == ("W0415", "mine")
    assert codes(found(hub('  revision = "main"\n'))) == ["W0415"]
    assert found(hub(f'  revision = "{"0" * 40}"\n')) == []
    assert found(hub().replace("model.mine", "tiny.small")) != []  # now unused
    (tmp_path / "team" / "model").mkdir(parents=True)
    assert found(hub()) == []


def test_hub_datasets_name_a_commit(found: Found) -> None:
    text = (
        'dataset rows using hf {\n  source = "team/rows"\n}\n\n'
        'task sort using classify {\n  data = dataset.rows\n  input = "{text}"\n'
        "  target = label\n}\n\n" + GUESS + PICK.replace("tiny.task.intent", "task.sort")
    )
    (told,) = found(text)
    assert (told.code, told.labels[0].span.text) == ("W0415", "rows")


# W0416


def capped(meters: str) -> str:
    budget = f"budget little {{\n  probing {{\n    {meters}\n  }}\n}}\n\n"
    sweep = FEW.replace("shots = 4", "shots = sweep(1, 2, 4, 8)")
    query = PICK.replace("  maximize", "  measure within budget.little\n  maximize")
    return HEAD + sweep + budget + query


@pytest.mark.parametrize("meter", ["requests = 100 requests", "tokens = 500 tok"])
def test_a_cap_below_the_first_round(found: Found, meter: str) -> None:
    (told,) = found(capped(meter))
    assert told.code == "W0416"
    assert any("at least" in note for note in told.notes)


@pytest.mark.parametrize("meter", ["money = 0.01 USD", "wall = 1 s", "requests = 100_000 requests"])
def test_what_prices_and_devices_decide_is_left_to_the_quote(found: Found, meter: str) -> None:
    assert found(capped(meter)) == []


def test_the_bound_is_no_more_than_what_the_round_really_asks(tmp_path: Path) -> None:
    """Rows times the measurements of the graph, which the bound must not exceed."""
    path = tmp_path / "spec.cosmos"
    path.write_text(capped("requests = 1 requests"), encoding="utf-8")
    compiled = compile_spec(path)
    (told,) = unreachable_sweeps(compiled.program, compiled.query, compiled.data)
    asked = sum(
        request.rows
        for request in compiled.graph.measurements.values()
        if request.kind == "evaluate"
    )
    bound = int(told.notes[0].partition("at least ")[2].partition(";")[0].replace(",", ""))
    assert caps(compiled.query.budget).amounts["requests"] < bound <= asked


# W0417


def tiers(first: str, second: str) -> str:
    policy = "policy tiers using cascade {\n  stages = [strategy.first, strategy.second]\n}\n\n"
    query = PICK.replace("strategy.*", "policy.tiers").replace(
        "maximize accuracy", "minimize serve_cost"
    )
    return (
        HEAD
        + "retriever near using bm25 {\n  corpus = tiny.dataset.intent\n}\n\n"
        + f"strategy first {first}\n\nstrategy second {second}\n\n"
        + policy
        + query
    )


def prompted(shots: str | None, model: str = "tiny.small", more: str = "") -> str:
    using, line = ("prompt", "") if shots is None else ("icl", f"  shots = {shots}\n")
    retriever = "" if shots is None else "  retriever = near\n"
    return f"using {using} {{\n  model = {model}\n{retriever}{line}  on = hw.cpu\n{more}}}"


@pytest.mark.parametrize(
    ("first", "second", "pays"),
    [
        (prompted("4"), prompted(None), False),
        (prompted("sweep(4, 8)"), prompted("2"), False),
        (prompted("2"), prompted("4"), True),
        (prompted("sweep(2, 8)"), prompted("4"), True),
        (prompted("4"), prompted(None, "tiny.large"), True),
        (prompted("4").replace("  retriever = near\n", ""), prompted("2"), True),
        (prompted("4", "sweep(tiny.small, tiny.large)"), prompted(None), True),
    ],
)
def test_a_cascade_whose_first_tier_is_no_cheaper(
    found: Found, first: str, second: str, pays: bool
) -> None:
    told = [item for item in found(tiers(first, second)) if item.code != "W0215"]
    assert codes(told) == ([] if pays else ["W0417"])


def test_a_mix_pays_in_cost_alone(found: Found) -> None:
    policy = "policy both using mix {\n  over = strategy.*\n}\n\n"
    more = FEW.replace("few", "many").replace("4", "8")
    query = PICK.replace("strategy.*", "policy.both")
    text = HEAD + FEW + more + policy
    assert codes(found(text + query)) == ["W0417"]
    assert found(text + asking("require serve_cost <= 1 USD/request", text=query)) == []
    limited = query.replace("  maximize", "  measure within 3 USD\n  maximize")
    assert codes(found(text + limited)) == ["W0417"]


# W0601


def test_rows_needed_is_the_bound_of_the_paired_standard_error() -> None:
    """With that many rows z times the standard error is at most the difference; with one row
    less it is more. The z of 90 % is 1.2816, from a table."""
    for gap, share in ((0.01, 0.01), (0.05, 0.05), (0.02, 0.2)):
        needed = rows_needed(Decimal(str(gap)), Decimal("0.9"), share)

        def reach(rows: int, gap: float = gap, share: float = share) -> float:
            return float(1.2815516 * ((share - gap**2) / rows) ** 0.5)

        assert reach(needed) <= gap < reach(needed - 1)
    assert rows_needed(Decimal(1), Decimal("0.9")) == 1


def test_a_difference_that_the_rows_cannot_tell(found: Found) -> None:
    text = HEAD.replace("import std.hardware as hw\n", "") + GUESS
    (told,) = found(text + asking("decide within 0.1 pp with confidence 95%"))
    assert (told.code, told.labels[0].span.text[:6]) == ("W0601", "decide")
    assert "to tell 0.1 pp with 95% confidence takes at least 2703 rows" in told.notes[0]
    assert found(text + asking("decide within 2 pp")) == []
    assert found(text + PICK) == []
    one = text.replace("sweep(majority, tfidf)", "majority")
    assert found(one + asking("decide within 0.1 pp")) == []


# W0608


TIERS = "policy tiers using auto {\n  over = [strategy.few, strategy.many]\n}\n\n"
MANY = FEW.replace("few", "many").replace("shots = 4", "shots = 8")


@pytest.mark.parametrize(
    ("promise", "least"),
    [
        ("accuracy >= strategy.many.accuracy - 1 pp with confidence 95%", 299),
        ("accuracy >= 99% * strategy.many.accuracy with confidence 95%", 299),
        ("accuracy >= 99.5% with confidence 90%", 460),
        ("accuracy >= strategy.many.accuracy - 2 pp with confidence 95%", None),
        ("accuracy >= strategy.many.accuracy - 1 pp", None),
        ("accuracy <= 99.9% with confidence 95%", None),
        ("serve_cost <= 1 USD/request with confidence 95%", None),
    ],
)
def test_a_promise_takes_calibration_rows(found: Found, promise: str, least: int | None) -> None:
    pick = PICK.replace("strategy.*", "strategy.*, policy.tiers")
    told = found(HEAD + FEW + MANY + TIERS + asking(f"require {promise}", text=pick))
    assert codes(told) == ([] if least is None else ["W0608"])
    if least is not None:
        assert f"takes {least} rows" in told[0].notes[0]
        assert found(HEAD + FEW + MANY + asking(f"require {promise}")) == []


# W0602


def test_forecasts_stay_near_what_is_probed(found: Found) -> None:
    def shots(number: int, extra: str = "", clause: str = "") -> list[str]:
        query = PICK.replace("  maximize", f"{clause}  maximize")
        return codes(found(HEAD + FEW.replace("shots = 4", f"shots = {number}") + extra + query))

    assert shots(40) == [] and shots(41) == ["W0602"]
    probe = "probe wide {\n  shots = [1, 8]\n}\n\n"
    clause = "  measure with probe.wide\n"
    assert shots(80, probe, clause) == [] and shots(81, probe, clause) == ["W0602"]


def test_train_rows_are_counted_by_the_share_asked(found: Found) -> None:
    tuned = (
        "strategy tuned using lora {\n  model = tiny.small\n  share = SHARE\n  on = hw.cpu\n}\n\n"
        "probe small {\n  sizes = [32, 64]\nSTEPS}\n\n"
    )
    query = PICK.replace("  maximize", "  measure with probe.small\n  maximize")
    text = HEAD + tuned + query
    assert codes(found(text.replace("SHARE", "100%").replace("STEPS", ""))) == ["W0602"]
    assert found(text.replace("SHARE", "50%").replace("STEPS", "")) == []
    assert found(text.replace("SHARE", "100%").replace("STEPS", "  steps = [16]\n")) == []


# W0603


def priced(lines: str) -> str:
    rack = f'hardware rack {{\n  price = 1 USD/GPU-hour\n  source = "ours"\n{lines}}}\n\n'
    return (
        rack
        + HEAD.replace("import std.hardware as hw\n", "")
        + FEW.replace("hw.cpu", "rack")
        + PICK
    )


def test_prices_age(found: Found, tmp_path: Path) -> None:
    assert found(priced('  as_of = "2026-04-02"\n')) == []  # 90 days before
    (told,) = found(priced('  as_of = "2026-04-01"\n'))
    assert (told.code, told.labels[0].span.text) == ("W0603", "rack")
    assert found(priced("  assumed = true\n")) == []
    assert check(tmp_path / "spec.cosmos") == ()
    found(priced('  as_of = "2020-01-01"\n'))
    assert check(tmp_path / "spec.cosmos") == ()  # no day, no age


def test_a_price_of_the_library_is_told_where_it_is_used(found: Found, tmp_path: Path) -> None:
    found(HEAD + FEW.replace("hw.cpu", "hw.t4") + PICK)
    (told,) = check(tmp_path / "spec.cosmos", today=datetime.date(2100, 1, 1))
    assert (told.code, told.labels[0].span.text) == ("W0603", "few")
    assert told.labels[1].span.source.name == "std/hardware.cosmos"


# Silencing


def silenced(tmp_path: Path, text: str) -> tuple[list[str], list[tuple[str, str]]]:
    path = tmp_path / "spec.cosmos"
    path.write_text(text, encoding="utf-8")
    findings = examine(path, today=TODAY)
    quiet = [(one.diagnostic.code, one.reason) for one in findings.silenced]
    return [item.code for item in findings.told], quiet


OLD = priced('  as_of = "2026-01-01"\n')


@pytest.mark.parametrize(
    "text",
    [
        f"# allow W0603: until June\n{OLD}",
        f"# allow W0603: until June\n## Ours.\n{OLD}",
        f"# allow W0415, W0603: until June\n{OLD}",
        OLD.replace("rack {", "rack { # allow W0603: until June", 1),
    ],
)
def test_a_comment_silences_its_declaration(tmp_path: Path, text: str) -> None:
    told, quiet = silenced(tmp_path, text)
    assert quiet == [("W0603", "until June")]
    assert told == (["W0217"] if "W0415" in text else [])


def test_a_comment_silences_its_line(tmp_path: Path) -> None:
    text = HEAD.replace("import std.hardware as hw\n", "") + GUESS
    clause = "decide within 0.1 pp"
    for line in (f"# allow W0601: few rows\n  {clause}", f"{clause} # allow W0601: few rows"):
        assert silenced(tmp_path, text + asking(line)) == ([], [("W0601", "few rows")])


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# allow W0603", ["W0216"]),
        ("# allow W0603:  ", ["W0216"]),
        ("# allow W0215: why", ["W0603", "W0217"]),
        ("# allow E0301: why", ["W0603", "W0217"]),
        ("# allow W0630: why", ["W0603", "W0217"]),
        ("# allow W0216: why", ["W0603", "W0217"]),
        ("# allow W0603: why\n", ["W0603", "W0217"]),
        ("# we allow W0603: why", ["W0603"]),
        ("## allow W0603: why", ["W0603"]),
    ],
)
def test_what_a_comment_cannot_silence(tmp_path: Path, comment: str, told: list[str]) -> None:
    assert silenced(tmp_path, f"{comment}\n{OLD}")[0] == told


def test_errors_are_not_silenced(tmp_path: Path) -> None:
    told, quiet = silenced(tmp_path, f"# allow E0301: why\nlet x = 3 USD + 2 s\n{OLD}")
    assert (told, quiet) == (["E0301"], [])


def test_what_was_not_looked_for_is_not_idle(tmp_path: Path) -> None:
    path = tmp_path / "spec.cosmos"
    path.write_text(f"# allow W0603: until June\n{OLD}", encoding="utf-8")
    assert check(path) == ()
    later = OLD.replace("2026-01-01", "2026-06-01")
    path.write_text(f"# allow W0603: until June\n{later}", encoding="utf-8")
    assert codes(list(check(path, today=TODAY))) == ["W0217"]
    assert check(path) == ()


def test_a_comment_of_an_imported_file_counts_and_is_never_idle(found: Found) -> None:
    base = priced('  as_of = "2026-01-01"\n').partition("query")[0]
    query = 'import "./base.cosmos" as base\nimport std.tiny as tiny\n\n' + PICK.replace(
        "strategy.*", "base.strategy.few"
    )
    assert codes(found(query, base=base)) == ["W0603"]
    assert found(query, base=f"# allow W0603: until June\n{base}") == []
    assert found(query, base=base.replace("import", "# allow W0602: why\nimport")) != []
    new = base.replace("2026-01-01", "2026-06-01")
    assert found(query, base=f"# allow W0603: until June\n{new}") == []


def test_a_run_warns_and_plans_the_same(tmp_path: Path) -> None:
    path = tmp_path / "spec.cosmos"
    path.write_text(OLD, encoding="utf-8")
    old, fresh = (compile_spec(path, today=day) for day in (TODAY, None))
    assert codes(list(old.warnings)) == ["W0603"] and fresh.warnings == ()
    assert old.graph == fresh.graph
    path.write_text(f"# allow W0603: until June\n{OLD}", encoding="utf-8")
    assert compile_spec(path, today=TODAY).warnings == ()
