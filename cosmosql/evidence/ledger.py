"""The ledger: the only memory. SQLite, one transaction an observation, durable at once."""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import TracebackType
from typing import Self

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.evidence.metering import Amounts
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.record import observation as observation_of
from cosmosql.evidence.record import record
from cosmosql.evidence.store import first_under
from cosmosql.identity import canonical

DIRECTORY = ".cosmosql"
FILE = "ledger.sqlite"
LOCK = "ledger.lock"

APPLICATION = 0x434F534D
"""`COSM`: tells our database from any other."""

SCHEMA = 1

BUSY_SECONDS = 10.0
"""How long to wait for a reader that holds the file for a moment."""

_TABLES = """
CREATE TABLE observations (
    sequence INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX observations_by_key ON observations (key);
CREATE TABLE spending (
    sequence INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    scope TEXT NOT NULL,
    worst TEXT NOT NULL,
    actual TEXT
) STRICT;
CREATE INDEX spending_by_key ON spending (key);
"""


class Ledger:
    """Observations and what they cost, beside the spec in `.cosmosql/ledger.sqlite`.

    `open` is for the one run that measures, `read` for everyone else; `read` writes nothing and
    finds an absent ledger empty. Rows are appended, never changed, but for settling a reservation.
    A reservation that was never settled (the process was killed) counts at its worst case.

    Every method raises InputError: E0604 where the file is damaged, foreign, newer than this
    version or cannot be written.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection | None, lock: sqlite3.Connection | None
    ) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

    @classmethod
    def open(cls, root: Path) -> Self:
        """The ledger beside a spec, made where there is none, for this process alone to write.

        Raises InputError: E0605 where another run holds it.
        """
        directory = root / DIRECTORY
        path = directory / FILE
        with _diagnosed(path):
            directory.mkdir(parents=True, exist_ok=True)
            ignore = directory / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            lock = _hold(directory / LOCK)
            try:
                connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
                _prepare(connection, path)
            except BaseException:
                lock.close()
                raise
        return cls(path, connection, lock)

    @classmethod
    def read(cls, root: Path) -> Self:
        """The ledger beside a spec as it is, read only."""
        path = root / DIRECTORY / FILE
        # A process that was killed while it made the ledger leaves an empty file.
        if not path.exists() or (path.is_file() and path.stat().st_size == 0):
            return cls(path, None, None)
        # Unless both side files are there nobody is writing, and an immutable open makes none.
        live = all(path.with_name(FILE + side).exists() for side in ("-wal", "-shm"))
        mode = "mode=ro" if live else "mode=ro&immutable=1"
        with _diagnosed(path):
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?{mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
            )
            _recognise(connection, path)
        return cls(path, connection, None)

    def close(self) -> None:
        for connection in (self._connection, self._lock):
            if connection is not None:
                connection.close()
        self._connection = self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def find(self, key: str, conditions: Mapping[str, str] | None = None) -> Observation | None:
        """The latest observation of a key, under these conditions where they are given."""
        return first_under(self.find_all(key), conditions)

    def find_all(self, key: str) -> tuple[Observation, ...]:
        """Every observation of a key, the latest first."""
        return tuple(self._observations("WHERE key = ? ORDER BY sequence DESC", (key,)))

    def all(self) -> Iterator[Observation]:
        """Every observation, the oldest first."""
        return iter(self._observations("ORDER BY sequence", ()))

    def of_kind(self, kind: str) -> tuple[Observation, ...]:
        """Every observation of a kind, the oldest first."""
        return tuple(self._observations("WHERE kind = ? ORDER BY sequence", (kind,)))

    def add(
        self, observation: Observation, *, settles: int | None = None, actual: Amounts | None = None
    ) -> None:
        """Appends an observation and settles its reservation, in one durable transaction."""
        body = canonical(record(observation, timings=True))
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO observations (key, kind, role, body) VALUES (?, ?, ?, ?)",
                (observation.key, observation.kind, observation.role, body),
            )
            if settles is not None:
                _settle(connection, settles, actual or {})

    def take_in(self, observations: Iterable[Observation]) -> int:
        """Adds those that are not there yet, as evidence that somebody else paid for; returns how
        many were new."""
        new = [
            observation
            for observation in observations
            if self.find(observation.key, observation.conditions) is None
        ]
        for observation in new:
            self.add(observation)
        return len(new)

    def reserve(self, key: str, scope: str, worst: Amounts) -> int:
        """Writes down what a step may take before it starts; returns the entry to settle.

        `scope` names the query that pays.
        """
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO spending (key, scope, worst) VALUES (?, ?, ?)",
                (key, scope, canonical(worst)),
            )
            entry = cursor.lastrowid
        if entry is None:
            raise RuntimeError("an inserted row has a number")
        return entry

    def settle(self, entry: int, actual: Amounts) -> None:
        """What a reserved step really took, where no observation came of it."""
        with self._transaction() as connection:
            _settle(connection, entry, actual)

    def spent(self, scope: str, keys: Collection[str]) -> Amounts:
        """What a query has spent on these questions, by meter: settled amounts, and the worst
        cases of reservations that were never settled."""
        wanted = frozenset(keys)
        total: dict[str, Decimal] = {}
        for key, worst, actual in self._rows(
            "SELECT key, worst, actual FROM spending WHERE scope = ? ORDER BY sequence", (scope,)
        ):
            if key in wanted:
                with _diagnosed(self.path):
                    amounts = _amounts(actual or worst)
                for meter, amount in amounts.items():
                    total[meter] = total.get(meter, Decimal(0)) + amount
        return total

    def spending(self) -> tuple[tuple[str, str, Amounts, Amounts | None], ...]:
        """Every entry, the oldest first: key, scope, worst case, and what it really took (None:
        never settled)."""
        return tuple(
            (str(key), str(scope), _amounts(worst), None if actual is None else _amounts(actual))
            for key, scope, worst, actual in self._rows(
                "SELECT key, scope, worst, actual FROM spending ORDER BY sequence", ()
            )
        )

    def test_reads(self) -> int:
        """How many observations looked at test rows."""
        [(count,)] = self._rows("SELECT count(*) FROM observations WHERE role = 'test'", ()) or [
            (0,)
        ]
        return int(str(count))

    def _observations(self, where: str, values: tuple[object, ...]) -> list[Observation]:
        bodies = self._rows(f"SELECT body FROM observations {where}", values)
        with _diagnosed(self.path):
            return [observation_of(json.loads(str(body))) for (body,) in bodies]

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        if self._connection is None:
            return []
        with _diagnosed(self.path):
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None or self._lock is None:
            raise RuntimeError("the ledger was opened for reading")
        with _diagnosed(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise


def _settle(connection: sqlite3.Connection, entry: int, actual: Amounts) -> None:
    changed = connection.execute(
        "UPDATE spending SET actual = ? WHERE sequence = ? AND actual IS NULL",
        (canonical(actual), entry),
    ).rowcount
    if changed != 1:
        raise RuntimeError(f"reservation {entry} is not open")


def _amounts(text: object) -> Amounts:
    return {meter: Decimal(amount) for meter, amount in json.loads(str(text)).items()}


def _hold(path: Path) -> sqlite3.Connection:
    """An exclusive lock that the operating system takes back when this process ends, however."""
    lock = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise InputError(
            [
                Diagnostic(
                    code="E0605",
                    title="another run holds the ledger",
                    notes=(f"the ledger is {path.parent / FILE}",),
                    help="wait until the other run has ended, or stop it: what it measured is kept",
                )
            ]
        ) from error
    return lock


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    [(objects,)] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    if objects == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id = {APPLICATION};"
            f" PRAGMA user_version = {SCHEMA}; COMMIT;"
        )
    _recognise(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    [(application,)] = connection.execute("PRAGMA application_id").fetchall()
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    if application != APPLICATION:
        raise InputError([_unusable(path, "it was not made by cosmosql")])
    if version > SCHEMA:
        raise InputError([_unusable(path, f"its schema {version} is newer than {SCHEMA}")])
    # A ledger may come from a stranger: in place of a table there could be a query without an end.
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(":memory:")) as expected:
        expected.executescript(_TABLES)
        if connection.execute(query).fetchall() != expected.execute(query).fetchall():
            raise InputError([_unusable(path, "its tables are not those of a ledger")])


@contextmanager
def _diagnosed(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system say into a diagnostic; a full disk stays the machine's
    failure, an OSError: there is nothing wrong with the ledger."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, "no room left for the ledger", str(path)) from error
        raise InputError([_unusable(path, str(error))]) from error
    except (sqlite3.Error, OSError, ValueError, InvalidOperation) as error:
        raise InputError([_unusable(path, str(error))]) from error


def _unusable(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E0604",
        title="the ledger cannot be used",
        notes=(f"{path}: {reason}",),
        help="move the file away to start an empty ledger: "
        "the evidence file beside the spec is taken in",
    )
