"""Recorded answers against the rows that they answer: joined by the dataset's `id` column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from cosmosql.contracts.recorded import RecordedAnswer, Recording
from cosmosql.data.choices import competing, is_ambiguous, option_at, option_named
from cosmosql.data.findings import Findings, excerpt
from cosmosql.data.rows import Row
from cosmosql.data.template import cell_text
from cosmosql.diagnostics.suggest import closest

ONLY_RIGHT_OR_WRONG = ("accuracy", "exact_match")
"""Metrics that `correct` alone can tell; another one compares what was said."""


class AskedTask(Protocol):
    """What the join reads of `model.program.Task`."""

    @property
    def using(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def choices(self) -> str | None: ...

    @property
    def metric(self) -> str: ...


def meant(said: str, options: Sequence[str], kind: str) -> str | None:
    """The option that a recorded text means: itself or, among a row's own (`choose`), the one at
    the place of a letter; None where answers are open or it means none.

    >>> meant("blue", ("red", "blue"), "classify"), meant("B", ("red", "blue"), "choose")
    ('blue', 'blue')
    >>> meant("B", ("red", "blue"), "classify") is None
    True
    """
    if said in options:
        return said
    return option_at(said, options) if kind == "choose" else None


def check_recording(
    recording: Recording,
    rows: Sequence[Row],
    task: AskedTask,
    labels: tuple[str, ...],
    findings: Findings,
    *,
    strays_are_wrong: bool,
) -> None:
    """Finds E0543, rows without an answer, and E0544, answers that the task cannot have. Answers
    to other rows are left alone: a file may serve several datasets."""
    missing = [row for row in rows if (row.id or "") not in recording.answers]
    if missing:
        _tell_missing(recording, missing, len(rows), findings)
    open_ended = task.using not in ("classify", "choose")
    answered = [
        (row, recording.answers[row.id]) for row in rows if row.id and row.id in recording.answers
    ]
    cells = [labels if task.choices is None else row.values[task.choices] for row, _ in answered]
    options = [labels if task.choices is None else competing(cell) for cell in cells]
    lettered = task.choices is not None and any(
        said not in own
        for own, (_, found) in zip(options, answered, strict=True)
        for said in _said(found)
    )
    for (row, found), cell, own in zip(answered, cells, options, strict=True):
        if open_ended:
            reason = _misfit_open(found, task)
        elif lettered and (unclear := _unclear(found, cell)):
            reason = unclear
        else:
            reason = _misfit(found, row, task, own, strays_are_wrong=strays_are_wrong)
        if reason is not None:
            shown = reason if recording.shown else reason.partition(":")[0]
            findings.add(
                "E0544",
                "recorded answer that does not fit the task",
                at="source",
                label="these answers were given to something else",
                notes=(f"{recording.origin}:{found.line}, the answer to {row.origin}, {shown}",),
                help="name the file that answers these rows; where an output may be none of the "
                "options, `strays = wrong` counts it as wrong",
            )


def _tell_missing(
    recording: Recording, missing: Sequence[Row], rows: int, findings: Findings
) -> None:
    nearest = None
    first = missing[0].id
    if first and recording.shown and len(recording.answers) < 10_000:
        nearest = closest(first, recording.answers)
    for row in missing:
        named = f" (id {excerpt(row.id)})" if findings.shown and row.id else ""
        findings.add(
            "E0543",
            "rows without a recorded answer",
            at="source",
            label=f"it answers {rows - len(missing)} of {rows} rows"
            if recording.answers
            else "it holds no answer at all",
            notes=(f"{recording.origin} has no answer to {row.origin}{named}",),
            help=f"is it called `{nearest}` there?"
            if nearest
            else "record the missing answers, or leave those rows out of the dataset",
        )


def _said(found: RecordedAnswer) -> Iterator[str]:
    """What an answer names: its output, and the options of its logits."""
    if found.output is not None:
        yield found.output
    yield from found.logits


def _misfit_open(found: RecordedAnswer, task: AskedTask) -> str | None:
    if found.output is not None:
        return None
    if found.correct is None:
        return "has neither `output` nor `correct`"
    if task.metric not in ONLY_RIGHT_OR_WRONG:
        return f"has no `output`, which {task.metric} compares"
    return None


def _unclear(found: RecordedAnswer, cell: object) -> str | None:
    """Where some answers are letters of places: which of this row's options is another's letter."""
    for said in _said(found):
        if is_ambiguous(said, cell):
            return f"is unclear: {excerpt(said)} is an option and the letter of another one"
    return None


def _misfit(
    found: RecordedAnswer,
    row: Row,
    task: AskedTask,
    options: Sequence[str],
    *,
    strays_are_wrong: bool,
) -> str | None:
    """Why an answer among options is none; None where it is one."""
    for named in found.logits:
        if meant(named, options, task.using) is None:
            return f"has a logit of no option: {excerpt(named)}"
    if found.output is None:
        if found.logits or (found.correct is not None and task.metric in ONLY_RIGHT_OR_WRONG):
            return None
        return "has no `output`"
    option = meant(found.output, options, task.using)
    if option is None and not strays_are_wrong:
        nearest = closest(found.output, options)
        guess = f"; did it say `{nearest}`?" if nearest else ""
        return f"is no option: {excerpt(found.output)}{guess}"
    target = _target(row.values, task)
    if found.correct in (0.0, 1.0) and (option == target) != (found.correct == 1.0):
        return (
            f"contradicts the row: {excerpt(found.output)} is said to be "
            f"{'right' if found.correct else 'wrong'}, and the target is {excerpt(target)}"
        )
    return None


def _target(values: Mapping[str, object], task: AskedTask) -> str:
    written = cell_text(values[task.target])
    return written if task.choices is None else option_named(written, values[task.choices]) or ""
