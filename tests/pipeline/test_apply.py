"""Plans carried out on a random checkpoint, and bundles that answer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cosmosql.apply.answer import predict
from cosmosql.apply.execute import apply
from cosmosql.artifact.bundle import MANIFEST
from cosmosql.artifact.storage import read_bundle
from cosmosql.cli.apply import outcome_data
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence.ledger import Ledger
from cosmosql.pipeline import run
from tests.artifact.obeys import obeys

QUESTIONS = [
    {"id": "a", "text": "the sea is deep deep"},
    {"id": "b", "text": "the card is very good not bad"},
    {"id": "c", "text": "the cat is what the one"},
]
WORDS = ["one", "two", "three", "four", "a", "yes", "no", "sea"]
LABELS = {"red", "green", "blue"}


def plan_for(spec: Path, chosen: str | None, **policy: Any) -> Path:
    """The project's plan with another decision: a candidate, or `policy.tiers` as it is given."""
    path = spec.parent / "colours.plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["decision"] |= {"status": "decided" if chosen else "undecided", "chosen": chosen}
    if policy:
        tiers = plan["policies"][0]
        plan["policies"] = [tiers]
        metric = {"name": "accuracy", "value": 0.5, "low": 0.0, "high": 1.0}
        cost = {"value": "0", "low": "0", "high": "0", "unit": "USD", "basis": "predicted"}
        tiers |= policy | {
            "name": "policy.tiers",
            "status": "holds",
            "metric": metric | {"confidence": 0.9, "basis": "predicted", "n": 20},
            "serve_cost": cost | {"unit": "USD/request", "high": "1", "value": "0.5"},
            "measures": {"adapt_cost": cost},
        }
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def codes(refused: pytest.ExceptionInfo[InputError]) -> set[str]:
    return {one.code for one in refused.value.diagnostics}


def left_over(spec: Path) -> list[str]:
    return sorted(
        path.name
        for path in spec.parent.iterdir()
        if path.name.endswith((".partial", ".old", ".bundle"))
    )


@pytest.mark.parametrize(
    "values",
    [
        {"query": "ghost"},
        {"spec": {"path": "../../etc/passwd", "sha256": ""}},
        {"decision": {"status": "decided", "chosen": "strategy.ghost"}},
    ],
)
def test_a_plan_that_names_what_the_spec_lacks_is_refused(
    project: Path, values: dict[str, object]
) -> None:
    path = project.parent / "colours.plan.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values))
    with pytest.raises(InputError) as refused:
        apply(path)
    assert codes(refused) == {"E0809"}
    assert left_over(project) == []


@pytest.mark.parametrize(
    "chosen",
    [
        "strategy.free[method=tfidf]",
        "strategy.bare",
        "strategy.near[shots=2]",
        "strategy.drawn",
        "strategy.tuned[share=100%]",
    ],
)
def test_a_candidate_becomes_a_bundle_that_answers(project: Path, chosen: str) -> None:
    done = apply(plan_for(project, chosen))
    assert done.bundle == project.parent / "colours.bundle"
    assert left_over(project) == ["colours.bundle"]
    manifest = read_bundle(done.bundle)
    assert manifest.policy.kind == "single"
    assert [one.name for one in manifest.members] == [chosen]
    assert [one.name for one in done.outcomes] == ["accuracy", "serve_cost", "adapt_cost"]
    for told, kept in zip(done.outcomes, manifest.outcomes, strict=True):
        assert (told.name, told.forecast, told.within) == (kept.name, kept.forecast, kept.within)
        assert float(told.measured.value) == pytest.approx(float(kept.measured.value))
    assert done.within == all(one.within is not False for one in done.outcomes)

    answers = list(predict(done.bundle, QUESTIONS))
    assert [one["id"] for one in answers] == ["a", "b", "c"]
    assert {one["answer"] for one in answers} <= LABELS
    assert {(one["tier"], one["member"]) for one in answers} == {(1, chosen)}
    obeys(outcome_data(done), "outcome")
    obeys(json.loads((done.bundle / MANIFEST).read_text(encoding="utf-8")), "bundle")
    for answer in answers:
        obeys(answer, "answer")
    singly = predict(done.bundle, QUESTIONS, batch=1)
    assert [one["answer"] for one in answers] == [one["answer"] for one in singly]


def test_the_bundle_answers_as_the_measured_candidate_did(project: Path) -> None:
    """The saved adapter gives, on the test rows, the accuracy that apply measured."""
    from cosmosql.compiler import compile_spec
    from cosmosql.data.rows import Role

    done = apply(plan_for(project, "strategy.tuned[share=100%]"))
    rows = [row.values for row in compile_spec(project).data["dataset.rows"].rows[Role.TEST]]
    answers = predict(done.bundle, rows)
    right = [row["label"] == one["answer"] for row, one in zip(rows, answers, strict=True)]
    assert sum(right) / len(right) == pytest.approx(done.outcomes[0].measured.value)


def test_the_adapter_is_a_peft_directory(project: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    done = apply(plan_for(project, "strategy.tuned[share=100%]"))
    base = AutoModelForCausalLM.from_pretrained(project.parent / "model")
    [member] = read_bundle(done.bundle).members
    tuned = PeftModel.from_pretrained(base, done.bundle / member.directory / "adapter")
    assert tuned.peft_config["default"].r == 4


def test_a_bundle_moves_with_its_model(project: Path, tmp_path: Path) -> None:
    done = apply(plan_for(project, "strategy.near[shots=2]"))
    before = list(predict(done.bundle, QUESTIONS))
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("colours.bundle", "model"):
        shutil.move(project.parent / name, moved / name)
    shutil.rmtree(project.parent)
    assert list(predict(moved / "colours.bundle", QUESTIONS)) == before


def test_a_cascade_asks_the_second_tier_where_the_first_is_unsure(project: Path) -> None:
    members = ("strategy.free[method=tfidf]", "strategy.bare")
    plan = plan_for(
        project,
        "policy.tiers",
        kind="cascade",
        members=members,
        signal="max_probability",
        thresholds=[0.0],
        share=0.5,
        budget="0.5",
        costs=["0", "1"],
    )
    done = apply(plan)
    manifest = read_bundle(done.bundle)
    [threshold] = manifest.policy.thresholds
    assert threshold != 0.0, "the calibration rows set it"
    assert [one.name for one in manifest.members] == list(members)
    first = predict(bundle_of_one(done.bundle, 0), QUESTIONS)
    for answer, sure in zip(predict(done.bundle, QUESTIONS), first, strict=True):
        tier = 1 if sure["confidence"] >= threshold else 2
        assert (answer["tier"], answer["member"]) == (tier, members[tier - 1])


def test_a_route_decides_before_anything_answers(project: Path) -> None:
    members = ("strategy.free[method=tfidf]", "strategy.bare")
    plan = plan_for(
        project,
        "policy.tiers",
        kind="route",
        members=members,
        signal=None,
        thresholds=[],
        share=0.5,
        budget="0.5",
        costs=["0", "1"],
    )
    done = apply(plan)
    assert read_bundle(done.bundle).policy.rule
    answers = list(predict(done.bundle, [{"text": f"the {word} is deep"} for word in WORDS]))
    assert len(answers) == len(WORDS)
    for answer in answers:
        assert answer["asked"] == [answer["member"]]
        assert isinstance(answer["why"], list)
        assert answer["why"][0].keys() == {"gain of tier 2", "price"}
    obeys(json.loads((done.bundle / MANIFEST).read_text(encoding="utf-8")), "bundle")


def test_a_person_answers_what_is_deferred(project: Path) -> None:
    members = ("strategy.free[method=tfidf]", "person")
    plan = plan_for(
        project,
        "policy.tiers",
        kind="cascade",
        members=members,
        signal="max_probability",
        thresholds=[],
        share=0.5,
        budget="1",
        costs=["0", "2"],
    )
    done = apply(plan)
    [accuracy, cost, _] = done.outcomes
    assert float(accuracy.measured.value or 0.0) > 0.4
    assert float(cost.measured.value or 0.0) == pytest.approx(2 * 0.5, abs=0.5)
    deferred = [one for one in predict(done.bundle, QUESTIONS) if one["member"] == "person"]
    for answer in deferred:
        assert answer["answer"] is None and answer["asked"] == list(members)


@pytest.mark.parametrize(
    "policy",
    [
        {"kind": "cascade", "budget": "0.5", "costs": ["1"]},
        {"kind": "cascade", "rule": {"signals": 3}},
        {"kind": "route"},
        {"kind": "mix", "rule": {"tiers": [0, 7], "dearer": 1.0}},
    ],
)
def test_a_plan_whose_policy_cannot_serve_is_refused(project: Path, policy: dict[str, Any]) -> None:
    members = ("strategy.free[method=tfidf]", "strategy.bare")
    plan = plan_for(project, "policy.tiers", members=members, thresholds=[], **policy)
    with pytest.raises(InputError) as refused:
        apply(plan)
    assert codes(refused) == {"E0803"}


def bundle_of_one(bundle: Path, member: int) -> Path:
    """A copy of a bundle in which one member answers everything."""
    alone = bundle.with_name("alone.bundle")
    shutil.copytree(bundle, alone)
    manifest = json.loads((alone / "bundle.json").read_text(encoding="utf-8"))
    manifest["members"] = [manifest["members"][member]]
    manifest["policy"] = {"kind": "single", "members": [manifest["members"][0]["name"]]}
    (alone / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    return alone


def test_a_mix_answers_with_either(project: Path) -> None:
    members = ("strategy.free[method=tfidf]", "strategy.bare")
    done = apply(plan_for(project, "policy.tiers", kind="mix", members=members, share=0.5))
    many = [{"text": f"the {word} is deep"} for word in WORDS]
    tiers = [answer["tier"] for answer in predict(done.bundle, many)]
    assert set(tiers) == {1, 2}
    assert [answer["tier"] for answer in predict(done.bundle, many[::-1])] == tiers[::-1]


def test_what_changed_since_the_plan_is_refused(project: Path) -> None:
    plan = plan_for(project, "strategy.bare")
    text = project.read_text(encoding="utf-8")
    project.write_text(text + "\n# a word more\n", encoding="utf-8")
    with pytest.raises(InputError) as spec:
        apply(plan)
    assert codes(spec) == {"E0809"}
    project.write_text(text, encoding="utf-8")

    rows = project.parent / "rows.jsonl"
    written = rows.read_text(encoding="utf-8")
    rows.write_text(written + '{"text": "a sky", "label": "red"}\n', encoding="utf-8")
    with pytest.raises(InputError) as data:
        apply(plan)
    assert codes(data) == {"E0809"}
    assert "dataset.rows" in data.value.diagnostics[0].notes[0]
    rows.write_text(written, encoding="utf-8")
    assert left_over(project) == []
    assert apply(plan).bundle.is_dir()


def other_weights(model: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = model / "model.safetensors"
    tensors = load_file(path)
    name = sorted(tensors)[0]
    tensors[name] = tensors[name] + 1
    save_file(tensors, path, metadata={"format": "pt"})


def test_other_weights_are_refused(project: Path) -> None:
    plan = plan_for(project, "strategy.bare")
    done = apply(plan)
    other_weights(project.parent / "model")
    with pytest.raises(InputError) as applied:
        apply(plan)
    assert codes(applied) == {"E0809"}
    with pytest.raises(InputError) as asked:
        list(predict(done.bundle, QUESTIONS))
    assert codes(asked) == {"E0810"}


def test_a_plan_that_chose_nothing_is_refused(project: Path) -> None:
    with pytest.raises(InputError) as refused:
        apply(plan_for(project, None))
    assert codes(refused) == {"E0808"}
    assert left_over(project) == []


def test_a_row_without_its_column_is_refused(project: Path) -> None:
    done = apply(plan_for(project, "strategy.free[method=tfidf]"))
    with pytest.raises(InputError) as refused:
        list(predict(done.bundle, [QUESTIONS[0], {"body": "the sea"}]))
    assert codes(refused) == {"E0811"}
    assert "row 2" in refused.value.diagnostics[0].notes[0]


def test_a_plan_without_test_rows_is_refused(project: Path) -> None:
    project.write_text(project.read_text().replace("test = 20 examples", "test = 0 examples"))
    replan = run(project)
    with pytest.raises(InputError) as refused:
        apply(replan.plan_path)
    assert codes(refused) == {"E0512"}
    assert left_over(project) == []


def test_what_a_bundle_cannot_answer_is_a_diagnostic(project: Path) -> None:
    bundle = apply(plan_for(project, "strategy.near[shots=1]")).bundle
    for row, code in (({"text": None}, "E0811"), ({"text": "the sea " * 2_000}, "E0812")):
        with pytest.raises(InputError) as refused:
            list(predict(bundle, [row]))
        assert codes(refused) == {code}
    for path in (bundle / "members").rglob("*.json*"):
        path.write_text("{")
    with pytest.raises(InputError) as refused:
        list(predict(bundle, QUESTIONS))
    assert codes(refused) == {"E0803"}


def test_an_interrupted_apply_leaves_the_bundle_before_it(project: Path) -> None:
    def interrupt(words: str, done: int, total: int) -> None:
        if words.startswith("answering test rows"):
            raise KeyboardInterrupt

    plan = plan_for(project, "strategy.bare")
    with pytest.raises(KeyboardInterrupt):
        apply(plan, progress=interrupt)
    assert left_over(project) == []

    bundle = apply(plan_for(project, "strategy.free[method=tfidf]")).bundle
    before = (bundle / "bundle.json").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        apply(plan_for(project, "strategy.bare"), progress=interrupt)
    assert left_over(project) == ["colours.bundle"]
    assert (bundle / "bundle.json").read_bytes() == before


def test_looks_at_test_rows_are_kept_and_never_feed_a_forecast(project: Path) -> None:
    def reads() -> int:
        with Ledger.read(project.parent) as ledger:
            return sum(one.role == "test" for one in ledger.all())

    before = (project.parent / "colours.evidence.jsonl.gz").read_bytes()
    planned = (project.parent / "colours.plan.json").read_bytes()
    assert reads() == 0
    apply(plan_for(project, "strategy.bare"))
    assert reads() == 1
    assert run(project).measured == 0
    assert (project.parent / "colours.evidence.jsonl.gz").read_bytes() == before
    assert (project.parent / "colours.plan.json").read_bytes() == planned
