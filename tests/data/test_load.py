"""Loading: identity, order, leaks, and what bad files say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cosmosql.data.load import load
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.source import Source, Span

SPAN = Span(Source("spec.cosmos", "dataset rows"), 8, 12)


@dataclass(frozen=True)
class Amounts:
    column: str | None = None
    amounts: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Declared:
    root: Path
    options: Mapping[str, object]
    using: str = "jsonl"
    name: str = "dataset.rows"
    span: Span = SPAN
    roles: Amounts = Amounts()
    group: str | None = None
    identifier: str | None = None

    def place(self, attribute: str) -> Span:
        return self.span


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(name: str, rows: list[Mapping[str, object]]) -> Path:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return tmp_path

    return run


def some(count: int, start: int = 0) -> list[Mapping[str, object]]:
    return [
        {"id": f"r{i}", "text": f"text {i}", "label": "ab"[i % 2]}
        for i in range(start, start + count)
    ]


def roles_of(dataset: LoadedDataset) -> dict[str, Role]:
    return {row.identity: row.role for rows in dataset.rows.values() for row in rows}


def refused(declared: Declared, *, inputs: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InputError) as error:
        load(declared, inputs=inputs)
    return [item.code for item in error.value.diagnostics]


def test_identity_is_content_without_the_id(write: Write) -> None:
    root = write("a.jsonl", some(60))
    renamed = [{**row, "id": f"other {row['id']}"} for row in some(60)]
    write("b.jsonl", renamed)
    first = load(Declared(root, {"source": "a.jsonl"}, identifier="id"))
    second = load(Declared(root, {"source": "b.jsonl"}, identifier="id"))
    assert roles_of(first) == roles_of(second)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != load(Declared(root, {"source": "a.jsonl"})).fingerprint


def test_order_of_the_file_does_not_matter_and_added_rows_move_none(write: Write) -> None:
    root = write("a.jsonl", some(60))
    write("b.jsonl", list(reversed(some(90))))
    first = load(Declared(root, {"source": "a.jsonl"}))
    second = load(Declared(root, {"source": "b.jsonl"}))
    assert roles_of(first).items() <= roles_of(second).items()
    kept = set(roles_of(first))
    for role in Role:
        old = [row.identity for row in first.rows[role]]
        assert old == [row.identity for row in second.rows[role] if row.identity in kept]


def test_equal_rows_stay_together_and_keep_their_number(write: Write) -> None:
    root = write("a.jsonl", [*some(60), *some(60)])
    declared = Declared(root, {"source": "a.jsonl"}, identifier=None)
    found = load(declared)
    assert sum(len(rows) for rows in found.rows.values()) == 120
    assert len(roles_of(found)) == 120
    where: dict[str, set[Role]] = {}
    for rows in found.rows.values():
        for row in rows:
            where.setdefault(str(row.values["text"]), set()).add(row.role)
    assert all(len(roles) == 1 for roles in where.values())


def test_equal_inputs_stay_together_whatever_their_label(write: Write) -> None:
    twice = [{"text": f"Text  {i}", "label": "a"} for i in range(80)]
    twice += [{"text": f"text {i}", "label": "b"} for i in range(80)]
    root = write("a.jsonl", twice)
    found = load(Declared(root, {"source": "a.jsonl"}), inputs=("text",))
    where: dict[str, set[Role]] = {}
    for rows in found.rows.values():
        for row in rows:
            number = str(row.values["text"]).split()[1]
            where.setdefault(number, set()).add(row.role)
    assert all(len(roles) == 1 for roles in where.values())


def test_leaks_between_given_files(write: Write) -> None:
    root = write("train.jsonl", some(30))
    write("test.jsonl", [*some(10, 100), {"id": "x", "text": "TEXT 3", "label": "a"}])
    options = {"train": "train.jsonl", "test": "test.jsonl"}
    assert refused(Declared(root, options), inputs=("text",)) == ["E0404"]
    found = load(Declared(root, {"train": "train.jsonl", "test": "test.jsonl"}, identifier="id"))
    assert len(found.rows[Role.TEST]) == 11
    assert sum(len(rows) for rows in found.rows.values()) == 41


def test_roles_from_a_column(write: Write) -> None:
    rows = [{**row, "part": "test" if i < 10 else ""} for i, row in enumerate(some(60))]
    root = write("a.jsonl", rows)
    found = load(Declared(root, {"source": "a.jsonl"}, roles=Amounts(column="part")))
    assert {row.values["id"] for row in found.rows[Role.TEST]} == {f"r{i}" for i in range(10)}
    assert found.rows[Role.TRAIN] and found.rows[Role.VALIDATION]
    rows[0] = {**rows[0], "part": "tset"}
    write("a.jsonl", rows)
    assert refused(Declared(root, {"source": "a.jsonl"}, roles=Amounts(column="part"))) == ["E0521"]


def test_groups_of_a_column(write: Write) -> None:
    root = write("a.jsonl", [{**row, "who": i % 20} for i, row in enumerate(some(200))])
    found = load(Declared(root, {"source": "a.jsonl"}, group="who"))
    where: dict[object, set[Role]] = {}
    for rows in found.rows.values():
        for row in rows:
            where.setdefault(row.values["who"], set()).add(row.role)
    assert all(len(roles) == 1 for roles in where.values())


def test_rows_without_a_group_are_not_one_group(write: Write) -> None:
    root = write("a.jsonl", [{**row, "who": None} for row in some(100)])
    found = load(Declared(root, {"source": "a.jsonl"}, group="who"))
    assert all(found.rows[role] for role in Role)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"identifier": "number"}, "E0510"),
        ({"group": "whom"}, "E0510"),
        ({"options": {"source": "none.jsonl"}}, "E0511"),
        ({"options": {}}, "E0209"),
        ({"roles": Amounts(amounts={"test": 100})}, "E0512"),
        ({"using": "hff"}, "E0501"),
        ({"using": "generated", "options": {"task": "dessk", "rows": 9, "seed": 0}}, "E0501"),
    ],
)
def test_refused(write: Write, changes: dict[str, object], code: str) -> None:
    root = write("a.jsonl", some(60))
    declared = Declared(**{"root": root, "options": {"source": "a.jsonl"}, **changes})  # type: ignore[arg-type]
    assert refused(declared) == [code]


def test_duplicate_ids_are_counted_beyond_the_first_few(write: Write) -> None:
    root = write("a.jsonl", [{**row, "id": 1} for row in some(20)])
    with pytest.raises(InputError) as error:
        load(Declared(root, {"source": "a.jsonl"}, identifier="id"))
    assert {item.code for item in error.value.diagnostics} == {"E0513"}
    assert len(error.value.diagnostics) == 5
    assert error.value.diagnostics[-1].notes[-1] == "and 14 more rows like this"
    assert "a.jsonl:2" in error.value.diagnostics[0].notes[0]


def test_an_empty_file(write: Write) -> None:
    assert refused(Declared(write("a.jsonl", []), {"source": "a.jsonl"})) == ["E0512"]


def test_a_role_whose_file_is_empty_is_not_filled_from_elsewhere(write: Write) -> None:
    root = write("train.jsonl", some(60))
    write("test.jsonl", [])
    assert refused(Declared(root, {"train": "train.jsonl", "test": "test.jsonl"})) == ["E0512"]


def test_rows_from_outside_are_not_shown(tmp_path: Path) -> None:
    inside = tmp_path / "spec"
    inside.mkdir()
    (tmp_path / "secret.jsonl").write_text('{"password": "hunter2"}\n{oops\n')
    with pytest.raises(InputError) as error:
        load(Declared(inside, {"source": "../secret.jsonl"}))
    assert [item.code for item in error.value.diagnostics] == ["E0517"]
    (tmp_path / "secret.jsonl").write_text('{"password": "hunter2"}\n' * 3)
    with pytest.raises(InputError) as other:
        load(Declared(inside, {"source": "../secret.jsonl"}, identifier="passwort"))
    said = str([*error.value.diagnostics, *other.value.diagnostics])
    assert "E0510" in said
    assert "hunter2" not in said and "password" not in said and "oops" not in said


def test_not_a_number_counts_as_missing(tmp_path: Path) -> None:
    text = "".join(f'{{"x": NaN, "text": "t {i}"}}\n' for i in range(50))
    (tmp_path / "a.jsonl").write_text(text)
    found = load(Declared(tmp_path, {"source": "a.jsonl"}))
    assert {row.values["x"] for rows in found.rows.values() for row in rows} == {None}
