"""A declared dataset as rows with identity and role, or the diagnostics that say what is wrong."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

from cosmosql.contracts.source import Part, RowSource
from cosmosql.data.findings import Findings
from cosmosql.data.roles import Unassigned, assign, order_key
from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.data.template import cell_text
from cosmosql.diagnostics.suggest import closest
from cosmosql.identity import digest
from cosmosql.schema.registry import extension
from cosmosql.schema.registry import load as load_extension
from cosmosql.source import Span


class RoleAmounts(Protocol):
    @property
    def column(self) -> str | None: ...

    @property
    def amounts(self) -> Mapping[str, int | float]: ...


class DatasetDeclaration(Protocol):
    """What loading reads of `model.program.Dataset`."""

    @property
    def name(self) -> str: ...

    @property
    def span(self) -> Span: ...

    def place(self, attribute: str) -> Span: ...

    @property
    def using(self) -> str: ...

    @property
    def options(self) -> Mapping[str, object]: ...

    @property
    def roles(self) -> RoleAmounts: ...

    @property
    def group(self) -> str | None: ...

    @property
    def identifier(self) -> str | None: ...

    @property
    def root(self) -> Path: ...


def is_remote(dataset: DatasetDeclaration) -> bool:
    """True where loading the rows needs the network."""
    source = cast(RowSource, load_extension(extension("dataset", dataset.using)))
    return source.is_remote(dataset.options, root=dataset.root)


def files_of(dataset: DatasetDeclaration) -> tuple[Path, ...]:
    """The local files that loading would read."""
    source = cast(RowSource, load_extension(extension("dataset", dataset.using)))
    return source.files(dataset.options, root=dataset.root)


def load(dataset: DatasetDeclaration, *, inputs: Sequence[str] = ()) -> LoadedDataset:
    """All rows of a dataset by role, each role in a fixed order that depends on contents alone.

    `inputs` are the columns that tasks show to a model: where the dataset names no group, rows
    whose normalised text in them is equal form one (without any, all columns but the id count).
    Raises InputError with every finding: E0510 column missing, E0511 no such file, E0512 too few
    rows for a role, E0513 duplicate ids, E0517 malformed rows, E0521 unknown role name, E0404 rows
    that leak between given roles.
    """
    described = extension("dataset", dataset.using, span=dataset.span)
    source = cast(RowSource, load_extension(described, span=dataset.span))
    parts = source.load(dataset.options, root=dataset.root, span=dataset.place("source"))
    shown = all(part.shown for part in parts)
    findings = Findings(dataset, shown=shown)
    _check_parts(parts, findings)
    findings.stop()
    raw = [_RawRow(part, index) for part in parts for index in range(len(part.rows))]
    columns = tuple(dict.fromkeys(name for row in raw for name in row.values))
    _check_columns(dataset, raw, columns, findings)
    _check_ids(dataset, raw, findings)
    findings.stop()
    given = [_given_role(dataset, row, findings) for row in raw]
    identities = _identities(dataset, raw)
    # A column that no row has is the task's mistake, and makes no two rows alike.
    inputs = [name for name in inputs if name in columns]
    unassigned = [
        Unassigned(identity=identity, group=_group(dataset, row.values, inputs), given=role)
        for row, role, identity in zip(raw, given, identities, strict=True)
    ]
    _check_leaks(raw, unassigned, findings)
    findings.stop()
    roles = assign(unassigned, dataset.roles.amounts)
    rows = [
        Row(
            identity=identity,
            values=row.values,
            role=role,
            origin=row.origin,
            id=None
            if dataset.identifier is None
            else cell_text(row.values.get(dataset.identifier)),
        )
        for row, identity, role in zip(raw, identities, roles, strict=True)
        if role is not None
    ]
    by_role = {
        role: tuple(
            sorted(
                (row for row in rows if row.role is role), key=lambda row: order_key(row.identity)
            )
        )
        for role in Role
    }
    _check_sizes(dataset, len(raw), by_role, findings)
    findings.stop()
    return LoadedDataset(
        name=dataset.name,
        fingerprint=digest(sorted([row.identity, row.role.value] for row in rows)),
        columns=columns,
        rows=by_role,
        shown=shown,
    )


class _RawRow:
    """A row as the source gave it, with its place."""

    __slots__ = ("origin", "part", "values")

    def __init__(self, part: Part, index: int) -> None:
        self.part = part
        self.values: Mapping[str, object] = {
            name: _finite(value) for name, value in part.rows[index].items()
        }
        line = part.lines[index] if part.lines else index + 1
        self.origin = f"{part.origin}:{line}"


def _finite(value: object) -> object:
    """NaN and infinities are no content: they count as missing."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def normalised(text: str) -> str:
    """A text without differences of case, width and white space.

    >>> normalised("Ｈello \\n  WORLD")
    'hello world'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def group_text(values: Mapping[str, object], columns: Sequence[str]) -> str:
    """The normalised text of some columns, by which rows count as the same."""
    return "\0".join(normalised(cell_text(values.get(column))) for column in columns)


def _group(dataset: DatasetDeclaration, values: Mapping[str, object], inputs: Sequence[str]) -> str:
    # Ids are unique, so grouping by the id column would be no grouping at all.
    if dataset.group is not None and dataset.group != dataset.identifier:
        key = values.get(dataset.group)
        # Rows without a group have nothing in common but that.
        if key is not None and key != "":
            return cell_text(key)
    return group_text(
        values, inputs or sorted(set(values) - {dataset.identifier, dataset.roles.column})
    )


def _identities(dataset: DatasetDeclaration, raw: Sequence[_RawRow]) -> list[str]:
    """Content digests; a repeated content also counts its occurrence, so identities are unique."""
    outside = (dataset.identifier, dataset.roles.column)
    seen: Counter[str] = Counter()
    identities = []
    for row in raw:
        content = {name: value for name, value in row.values.items() if name not in outside}
        identity = digest(content)
        occurrence = seen[identity]
        seen[identity] += 1
        identities.append(digest([identity, occurrence]) if occurrence else identity)
    return identities


def _given_role(dataset: DatasetDeclaration, row: _RawRow, findings: Findings) -> Role | None:
    if row.part.role is not None:
        return Role(row.part.role)
    if dataset.roles.column is None:
        return None
    value = row.values.get(dataset.roles.column)
    if value is None or value == "":
        return None
    name = cell_text(value)
    if name in tuple(Role):
        return Role(name)
    known = [role.value for role in Role]
    nearest = closest(name, known) if findings.wants("E0521") else None
    findings.add(
        "E0521",
        "unknown role in the role column",
        at="roles",
        notes=(findings.row(row.origin, name),),
        help=f"did you mean `{nearest}`?" if nearest else f"the roles are {', '.join(known)}",
    )
    return None


def _check_parts(parts: Sequence[Part], findings: Findings) -> None:
    """A role that is given files gets its rows from nowhere else."""
    for role in dict.fromkeys(part.role for part in parts if part.role is not None):
        given = [part for part in parts if part.role == role]
        if not any(part.rows for part in given):
            findings.add(
                "E0512",
                "too few rows for a role",
                at=str(role),
                notes=(f"`{role}`: {', '.join(part.origin for part in given)} holds no rows",),
                help="point to a file that holds rows, or leave the file out: "
                "the section `roles` then says where its rows come from",
            )


def _check_columns(
    dataset: DatasetDeclaration,
    raw: Sequence[_RawRow],
    columns: Sequence[str],
    findings: Findings,
) -> None:
    if not raw:
        findings.add(
            "E0512",
            "too few rows for a role",
            at="source",
            notes=("the source holds no rows at all",),
            help="point `source` to a file that holds rows",
        )
        return
    named = {"id": dataset.identifier, "group": dataset.group, "roles": dataset.roles.column}
    for attribute, name in named.items():
        if name is None:
            continue
        without = next((row for row in raw if name not in row.values), None)
        if without is not None:
            findings.missing_column(
                name, columns, at=attribute, origin=without.origin, values=without.values
            )


def _check_ids(dataset: DatasetDeclaration, raw: Sequence[_RawRow], findings: Findings) -> None:
    if dataset.identifier is None or any(dataset.identifier not in row.values for row in raw):
        return
    first: dict[str, str] = {}
    for row in raw:
        value = cell_text(row.values.get(dataset.identifier))
        if value in first:
            findings.add(
                "E0513",
                "duplicate row ids",
                at="id",
                notes=(f"{findings.row(row.origin, value)} is also the id of {first[value]}",),
                help="give each row an id of its own, or leave `id` out: rows are then named by "
                "their content",
            )
        first.setdefault(value, row.origin)


def _check_leaks(raw: Sequence[_RawRow], rows: Sequence[Unassigned], findings: Findings) -> None:
    """Given roles are kept as they are, so a group in two of them is the user's to mend."""
    first: dict[str, tuple[Role, str]] = {}
    for place, row in zip(raw, rows, strict=True):
        if row.given is None:
            continue
        role, origin = first.setdefault(row.group, (row.given, place.origin))
        if role is not row.given:
            findings.add(
                "E0404",
                "rows leak between roles",
                at="roles",
                notes=(
                    f"{place.origin} ({row.given}) has the same text or group as {origin} ({role})",
                    "a model that has seen a row answers it better than the ones to come",
                ),
                help="remove one of the two rows, or let the compiler assign the roles",
            )


def _check_sizes(
    dataset: DatasetDeclaration,
    total: int,
    by_role: Mapping[Role, Sequence[Row]],
    findings: Findings,
) -> None:
    notes = []
    for role in Role:
        amount = dataset.roles.amounts.get(role.value)
        found = len(by_role[role])
        wanted = amount if isinstance(amount, int) else (0 if amount == 0.0 else 1)
        if found < wanted:
            notes.append(f"`{role}` has {found} of {wanted} rows")
    if notes:
        findings.add(
            "E0512",
            "too few rows for a role",
            at="roles",
            notes=(*notes, f"the source holds {total} rows in all"),
            help="add rows, or say in the section `roles` how many each role gets",
        )
