"""Reading recorded answers: every line is validated, and all that is wrong is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cosmosql.contracts.recorded import RecordedAnswer, Recording
from cosmosql.data.template import cell_text
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.extensions.sources.files import Problems, raw_lines
from cosmosql.source import Span

ROUNDING = 1e-3
"""A log-probability may exceed 0 by what 16-bit floats round."""

MOST = 1e12
"""No logit, price, wait or count of tokens is larger: sums and squares of such stay finite."""

Number = Annotated[float, Field(ge=-MOST, le=MOST)]
Amount = Annotated[float, Field(ge=0, le=MOST)]
Count = Annotated[int, Field(ge=0, le=int(MOST))]
Share = Annotated[float, Field(ge=0, le=1)]


class Line(BaseModel):
    """What a line may say. Other keys are the log's own and are left alone."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")

    id: str | int
    output: str | bool | int | float | None = None
    logits: dict[str, Number] | None = None
    logprobs: list[Annotated[float, Field(ge=-MOST, le=ROUNDING)]] | None = None
    margin: Number | None = None
    confidence: Share | None = None
    correct: bool | Share | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cost_usd: Amount | None = None
    latency_ms: Amount | None = None


def read(written: str, *, root: Path, span: Span) -> Recording:
    """The answers of a file. Raises InputError with the findings: E0511 no such file, E0513 an id
    twice, E0517 no JSON or a damaged `.gz`, E0518 no UTF-8, E0542 a value that is none."""
    problems = Problems(written, root=root, span=span)
    answers: dict[str, RecordedAnswer] = {}
    try:
        if problems.present():
            for number, raw in raw_lines(problems.path, problems):
                _take(number, raw, answers, problems)
    except OSError as error:
        problems.closed(error.strerror or type(error).__name__)
    if problems.found:
        raise InputError(problems.found)
    return Recording(answers=answers, origin=written, shown=problems.shown)


def _take(number: int, raw: bytes, answers: dict[str, RecordedAnswer], problems: Problems) -> None:
    """One line into the answers, or what is wrong with it into the problems."""
    raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
    if not raw.strip():
        return
    try:
        line = Line.model_validate_json(raw)
    except ValidationError as error:
        _refuse(number, raw, error, problems)
        return
    name = cell_text(line.id)
    if line.output is None and not line.logits and line.correct is None:
        problems.answer(number, "neither `output` nor `logits` nor `correct` is there")
    elif name in answers:
        problems.twice(number, name, answers[name].line)
    else:
        answers[name] = _answer(number, line)


def _answer(number: int, line: Line) -> RecordedAnswer:
    return RecordedAnswer(
        line=number,
        output=None if line.output is None else cell_text(line.output).strip(),
        logits={name.strip(): value for name, value in (line.logits or {}).items()},
        logprobs=tuple(line.logprobs or ()),
        margin=line.margin,
        confidence=line.confidence,
        correct=None if line.correct is None else float(line.correct),
        prompt_tokens=line.prompt_tokens,
        completion_tokens=line.completion_tokens,
        cost_usd=line.cost_usd,
        latency_ms=line.latency_ms,
    )


def _refuse(number: int, raw: bytes, error: ValidationError, problems: Problems) -> None:
    first: Any = error.errors(include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        try:
            problems.malformed(number, "no JSON", raw.decode("utf-8"))
        except UnicodeDecodeError:
            problems.encoding(number)
    elif not first["loc"]:
        problems.malformed(number, "no JSON object")
    else:
        place = ".".join(str(part) for part in first["loc"] if str(part) in _NAMED or part != "str")
        problems.answer(number, f"`{place}`: {first['msg'][:1].lower()}{first['msg'][1:]}")


_NAMED = frozenset(Line.model_fields)
