"""W0608: too few calibration rows to show what a policy is to promise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.lint.split import COUNTED
from cosmosql.model.lint.warning import is_standard, warning
from cosmosql.model.program import Program, Query, Requirement
from cosmosql.model.promises import promise_of
from cosmosql.units import number_text


def too_few_to_promise(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> Iterator[Diagnostic]:
    """W0608 where a policy's accuracy is required with a written confidence, and even calibration
    rows without any loss would not show it: the chance of seeing none on n rows, where a share
    epsilon is lost, is (1 - epsilon)^n (Clopper and Pearson 1934). A mix that departs from the
    large tier by lot on few rows may be shown all the same."""
    task = program.tasks[query.task]
    rows = data.get(task.dataset)
    several = any(len(program.policies[name].over) > 1 for name in query.policies)
    if rows is None or not several or task.metric not in COUNTED:
        return
    there = len(rows.rows[Role.CALIBRATION])
    for requirement in query.requirements:
        least = least_rows(requirement, task.metric)
        if least is None or there >= least:
            continue
        place = requirement.span
        yield warning(
            "W0608",
            "too few calibration rows for a promise",
            query.span if is_standard(place) else place,
            f"a policy is tested for this, on {there} calibration rows",
            notes=(
                f"without a single loss it takes {least} rows to show it with "
                f"{number_text(requirement.confidence * 100)}% confidence, and more with losses",
                "a policy that is not shown to keep it is undecided",
            ),
            help=f"label `calibration = {least} examples` or more in the section `roles`, "
            "or promise less",
        )


def least_rows(requirement: Requirement, metric: str) -> int | None:
    """Rows without any loss that show a requirement; None where it is not tested or has no such
    number."""
    promise = promise_of(requirement, metric)
    allowed = None if promise is None else promise.allowance
    if allowed is None:
        return None
    wrong = 1.0 - float(requirement.confidence)
    return math.ceil(math.log(wrong) / math.log1p(-allowed) - 1e-9)
