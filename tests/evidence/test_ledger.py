"""The ledger: durable, for one writer, and honest about files that are not its own."""

from __future__ import annotations

import errno
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence.keys import key_of
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Item, Observation, Usage


def observation(number: int = 0, *, conditions=None, role="validation") -> Observation:
    asked = {"step": "evaluate/1", "number": number}
    return Observation(
        kind="evaluate",
        key=key_of(asked),
        asked=asked,
        conditions=conditions or {"device": "cpu"},
        role=role,
        values={"note": "x"},
        items=(
            Item(
                row="ab" * 32,
                score=1 / 3,
                predicted=None,
                target=2,
                signals={"margin": 0.1 + 0.2},
                prompt_tokens=3,
                completion_tokens=1,
            ),
        ),
        usage=Usage(prompt_tokens=3, seconds=0.1, money=Decimal("0.00012"), flops=1e12),
    )


def test_what_was_added_is_found_as_it_was(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation(1))
        ledger.add(observation(2))
    with Ledger.read(tmp_path) as ledger:
        assert ledger.find(observation(1).key) == observation(1)
        assert list(ledger.all()) == [observation(1), observation(2)]
        assert ledger.find(observation(3).key) is None


def test_conditions_tell_observations_of_one_key_apart(tmp_path: Path) -> None:
    other = observation(conditions={"device": "cuda"})
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation())
        ledger.add(other)
        assert ledger.find(other.key) == other, "the latest"
        assert ledger.find(other.key, {"device": "cpu"}) == observation()
        assert ledger.find(other.key, {"device": "tpu"}) is None
        assert ledger.find_all(other.key) == (other, observation())


def test_reading_writes_nothing(tmp_path: Path) -> None:
    assert list(Ledger.read(tmp_path).all()) == []
    assert list(tmp_path.iterdir()) == []
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation())
    before = {path.name: path.read_bytes() for path in (tmp_path / ".cosmosql").iterdir()}
    with Ledger.read(tmp_path) as ledger:
        assert ledger.find(observation().key)
        with pytest.raises(RuntimeError):
            ledger.add(observation(2))
    assert {path.name: path.read_bytes() for path in (tmp_path / ".cosmosql").iterdir()} == before


def test_a_reader_sees_what_a_writer_has_just_committed(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as writer:
        writer.add(observation())
        with Ledger.read(tmp_path) as reader:
            assert reader.find(observation().key) == observation()


def test_a_second_writer_is_told_who_is_first(tmp_path: Path) -> None:
    with Ledger.open(tmp_path), pytest.raises(InputError) as refused:
        Ledger.open(tmp_path)
    assert refused.value.diagnostics[0].code == "E0605"
    Ledger.open(tmp_path).close()


def test_reservations_count_until_they_are_settled(tmp_path: Path) -> None:
    worst = {"tokens": Decimal(100), "money": Decimal("0.5")}
    with Ledger.open(tmp_path) as ledger:
        entry = ledger.reserve("k", "query.pick", worst)
        assert ledger.spent("query.pick", {"k"}) == worst
        ledger.settle(entry, {"tokens": Decimal(7), "money": Decimal("0.01")})
        ledger.reserve("k", "query.pick", {"tokens": Decimal(3)})
        assert ledger.spent("query.pick", {"k"}) == {
            "tokens": Decimal(10),
            "money": Decimal("0.01"),
        }
        assert ledger.spent("query.other", {"k"}) == {}
        assert ledger.spent("query.pick", {"another"}) == {}
        with pytest.raises(RuntimeError, match="not open"):
            ledger.settle(entry, {})


def test_an_observation_and_its_cost_are_one_transaction(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(RuntimeError, match="not open"):
            ledger.add(observation(), settles=99, actual={})
        assert ledger.find(observation().key) is None


def test_looks_at_test_rows_are_counted(tmp_path: Path) -> None:
    assert Ledger.read(tmp_path).test_reads() == 0
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation(1))
        ledger.add(observation(2, role="test"))
        assert ledger.test_reads() == 1


@pytest.mark.parametrize("opening", [Ledger.open, Ledger.read])
def test_a_file_that_is_no_ledger_is_refused_and_kept(tmp_path: Path, opening) -> None:
    path = tmp_path / ".cosmosql" / "ledger.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(InputError) as refused:
        opening(tmp_path)
    assert refused.value.diagnostics[0].code == "E0604"
    assert path.read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("opening", [Ledger.open, Ledger.read])
def test_another_programs_database_is_refused(tmp_path: Path, opening) -> None:
    path = tmp_path / ".cosmosql" / "ledger.sqlite"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(InputError, match="E0604"):
        opening(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / ".cosmosql" / "ledger.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputError) as refused:
        Ledger.open(tmp_path)
    assert "newer" in refused.value.diagnostics[0].notes[0]
    with pytest.raises(InputError, match="E0604"):
        Ledger.open(tmp_path)  # and not E0605: the lock was given back


def test_a_damaged_observation_is_a_diagnostic(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation())
    connection = sqlite3.connect(tmp_path / ".cosmosql" / "ledger.sqlite")
    connection.execute(
        "UPDATE observations SET body = replace(body, '\"number\":0', '\"number\":1')"
    )
    connection.commit()
    connection.close()
    with Ledger.read(tmp_path) as ledger, pytest.raises(InputError, match="E0604"):
        ledger.find(observation().key)


def test_an_empty_file_is_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / ".cosmosql").mkdir()
    (tmp_path / ".cosmosql" / "ledger.sqlite").touch()
    with Ledger.read(tmp_path) as ledger:
        assert list(ledger.all()) == []


@pytest.mark.parametrize("text", ["nonsense", '{"money": "x"}'])
def test_damaged_spending_is_a_diagnostic(tmp_path: Path, text: str) -> None:
    with Ledger.open(tmp_path) as ledger:
        entry = ledger.reserve("key", "query", {"money": Decimal(1)})
        ledger.settle(entry, {"money": Decimal(1)})
        with sqlite3.connect(ledger.path) as connection:
            connection.execute("UPDATE spending SET actual = ?", (text,))
        with pytest.raises(InputError, match="E0604"):
            ledger.spent("query", {"key"})


def test_a_full_disk_is_no_fault_of_the_ledger(tmp_path: Path) -> None:
    """SQLite says so itself when its file may not grow any more."""
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation(0))
        connection = ledger._connection
        assert connection is not None
        [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OSError, match="no room left") as full:
            for number in range(1, 500):
                ledger.add(observation(number))
        assert full.value.errno == errno.ENOSPC
    with Ledger.open(tmp_path) as ledger:
        assert ledger.find(observation(0).key) is not None
