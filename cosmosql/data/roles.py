"""Which row serves which role: by a stable hash of the row's group, so that nothing leaks.

Every group gets two numbers in [0, 1) from SHA-256 of its key. Exact counts take the groups with
the smallest first number; shares cut [0, 1) at fixed thresholds of the second one, so with shares
a row that is added later moves no other row.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cosmosql.data.rows import Role
from cosmosql.schema.kinds import DEFAULT_SHARES

ORDER = (Role.TEST, Role.CALIBRATION, Role.VALIDATION, Role.TRAIN)
"""Roles in the order in which they take their rows: test first, so nothing else moves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A row before it has a role. `given` is the role that a file or column says."""

    identity: str
    group: str
    given: Role | None


def stable_fraction(purpose: str, key: str) -> float:
    """A number in [0, 1) that depends on its arguments alone."""
    head = hashlib.sha256(f"{purpose}\0{key}".encode()).digest()[:7]
    return int.from_bytes(head, "big") / 2.0**56


def assign(
    rows: Sequence[Unassigned], amounts: Mapping[str, int | float]
) -> tuple[Role | None, ...]:
    """A role for each row, None for rows that no role takes; a group is never split.

    Roles that a file or column gives keep exactly those rows. The others are filled from the rows
    without a given role or, where there are none, from those given as `train`. `amounts` are
    counts (int) or shares of the rows to fill from (float); see `shares` for what is left out.
    A count is exact: what a group has beyond it is left out of every role.
    """
    given = {row.given for row in rows if row.given is not None}
    missing = tuple(role for role in ORDER if role not in given)
    if not missing:
        return tuple(row.given for row in rows)
    pool_role = None if any(row.given is None for row in rows) else Role.TRAIN
    targets = tuple(role for role in ORDER if role in missing or role is Role.TRAIN)
    named = {Role(name): amount for name, amount in amounts.items() if Role(name) in targets}
    pool = [row for row in rows if row.given is pool_role]
    fixed = {row.group: row.given for row in rows if row.given is not pool_role}
    free = [row for row in pool if row.group not in fixed]
    by_group = _fill(free, targets, named)
    return tuple(
        row.given
        if row.given is not pool_role
        else fixed.get(row.group) or by_group.get((row.group, row.identity))
        for row in rows
    )


def _fill(
    rows: Sequence[Unassigned], targets: tuple[Role, ...], named: Mapping[Role, int | float]
) -> dict[tuple[str, str], Role]:
    """The role of each (group, identity) that some role takes."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row.identity)
    waiting = deque(sorted(groups, key=lambda group: (stable_fraction("count", group), group)))
    taken: dict[tuple[str, str], Role] = {}
    for role in targets:
        amount = named.get(role)
        if isinstance(amount, int):
            left = amount
            while left > 0 and waiting:
                group = waiting.popleft()
                chosen = sorted(groups[group], key=order_key)[:left]
                taken.update({(group, identity): role for identity in chosen})
                left -= len(chosen)
    cuts = shares(targets, named)
    for group in waiting:
        fraction = stable_fraction("share", group)
        for role, upper in cuts:
            if fraction < upper:
                taken.update({(group, identity): role for identity in groups[group]})
                break
    return taken


def shares(
    targets: Iterable[Role], named: Mapping[Role, int | float]
) -> tuple[tuple[Role, float], ...]:
    """The upper threshold of each role that takes a share, in the order of `targets`.

    Named shares are as said; roles without any amount divide what is left in the proportions of
    `DEFAULT_SHARES`. The last threshold is 1 where all rows are taken.

    >>> shares(ORDER, {Role.TEST: 0.5})[-1], shares(ORDER, {role: 0.1 for role in ORDER})[-1][1]
    ((<Role.TRAIN: 'train'>, 1.0), 0.4)
    """
    wanted = {role: share for role, share in named.items() if isinstance(share, float)}
    unnamed = [role for role in targets if role not in named]
    left = max(0.0, 1.0 - sum(wanted.values()))
    total = sum(DEFAULT_SHARES[role] for role in unnamed)
    wanted.update({role: left * DEFAULT_SHARES[role] / total for role in unnamed})
    cuts: list[tuple[Role, float]] = []
    upper = 0.0
    for role in targets:
        if role in wanted:
            upper += wanted[role]
            cuts.append((role, round(upper, 12)))
    return tuple(cuts)


def order_key(identity: str) -> tuple[float, str]:
    """Sorts the rows of a role so that every prefix is a random sample."""
    return stable_fraction("order", identity), identity
