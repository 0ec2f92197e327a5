"""A bundle and rows in, answers out: who answered each row, and how surely.

A tier is loaded when the first row reaches it; rows are answered in batches, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn, cast

from cosmosql.apply.drift import Watch
from cosmosql.apply.policy import BROKEN, BrokenRuleError, rule_of, serve
from cosmosql.artifact.bundle import MANIFEST, BundleManifest, BundleMember, BundleModel
from cosmosql.artifact.storage import read_bundle, reject_bundle
from cosmosql.contracts.backend import Backend, BackendFactory, ContextOverflow
from cosmosql.contracts.policy import Question, Rule
from cosmosql.contracts.recorded import RecordedFactory
from cosmosql.contracts.retriever import Retriever, RetrieverFactory
from cosmosql.contracts.strategy import Adapted, Answer, Example, TaskView
from cosmosql.data.choices import competing, options_of
from cosmosql.data.template import cell_text, parse_template
from cosmosql.decide.person import PERSON
from cosmosql.diagnostics.diagnostic import Diagnostic, reject
from cosmosql.identity import digest, rounded
from cosmosql.plan.series import strategy_of
from cosmosql.probes.recorded import RecordedAdapted
from cosmosql.probes.runtime import implementation, unit_vectors
from cosmosql.schema import registry
from cosmosql.source import Source, Span

BATCH = 64


def ignored(finding: Diagnostic) -> None:
    """Tells nobody."""


def predict(
    bundle: Path,
    rows: Iterable[Mapping[str, object]],
    *,
    batch: int = BATCH,
    watch: Watch | None = None,
    warn: Callable[[Diagnostic], None] = ignored,
) -> Iterator[dict[str, object]]:
    """One answer a row: `answer`, `tier` (from 1) and `member` that gave it, its `confidence` (the
    largest probability among the options) where there is one, its `signals`, and the row's `id`.
    Of a policy also the members that were `asked`, in order, and `why`: the figures by which it
    chose the first of them, and went on or stayed after each. A row that is left to a person has no
    answer.

    `watch` counts who answered and tells `warn` where the stream has drifted (W0813).

    Raises InputError: E0801 or E0803 for a bundle that cannot be read, E0811 for a row that lacks
    a column, E0812 for one that no model of the bundle can read, E0810 where a model is not the one
    that the bundle was made with.
    """
    manifest = read_bundle(bundle)
    answerer = Answerer(manifest, bundle)
    waiting = iter(rows)
    position = 0
    while taken := list(islice(waiting, batch)):
        examples = [
            example_of(manifest, row, position + offset) for offset, row in enumerate(taken)
        ]
        try:
            replies = answerer.answer(examples)
        except ContextOverflow as error:
            reject_overflow(error, position + 1, position + len(taken))
        position += len(taken)
        for row, reply in zip(taken, replies, strict=True):
            if watch is not None:
                for finding in noted(watch, manifest, reply):
                    warn(finding)
            yield described(manifest, answerer.rule, row, reply)
    for finding in watch.ended() if watch is not None else ():
        warn(finding)


def noted(watch: Watch, manifest: BundleManifest, reply: Reply) -> Iterator[Diagnostic]:
    """Tells the watch what came of a row, and what it makes of that."""
    members = manifest.policy.members
    watch.answered(members[reply.tier])
    for tier in reply.asked:
        answer = reply.answers.get(tier)
        finding = watch.asked(members[tier], {} if answer is None else answer.signals)
        if finding is not None:
            yield finding


def reject_overflow(error: ContextOverflow, first: int, last: int) -> NoReturn:
    place = f"row {first}" if first == last else f"one of the rows {first} to {last}"
    reject(
        "E0812",
        "a row to answer does not fit the context",
        notes=(f"{place}: {error}",),
        help="shorten the row's texts, or leave it out",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a row: the tiers that were asked, in order, whose answer is given, and what each
    of them answered."""

    question: Question
    asked: tuple[int, ...]
    tier: int
    answers: Mapping[int, Answer]


class Answerer:
    """The bundle's policy, and its members, made ready when they are first needed."""

    def __init__(self, manifest: BundleManifest, bundle: Path) -> None:
        self._manifest = manifest
        self._bundle = bundle
        self._view = view_of(manifest)
        self._ready: dict[int, Adapted] = {}
        try:
            self.rule = rule_of(manifest.policy)
        except BROKEN as error:
            reject_bundle(bundle, f"its policy cannot be read: {' '.join(str(error).split())}")
        if not {*manifest.policy.members} <= {PERSON, *(one.name for one in manifest.members)}:
            reject_bundle(bundle, "its policy names a member that it does not have")

    def answer(self, examples: Sequence[Example]) -> list[Reply]:
        """The reply to each example."""
        questions = [question_of(example) for example in examples]
        answers: list[dict[int, Answer]] = [{} for _ in examples]

        def ask(tier: int, places: Sequence[int]) -> list[Mapping[str, float]]:
            found = self._answers(tier, [examples[place] for place in places])
            for place, answer in zip(places, found, strict=True):
                if answer is not None:
                    answers[place][tier] = answer
            return [answer.signals if answer else {} for answer in found]

        try:
            served = serve(self.rule, questions, len(self._manifest.policy.members), ask)
        except BrokenRuleError as error:
            reject_bundle(self._bundle, str(error))
        return [
            Reply(question=question, asked=one.asked, tier=one.tier, answers=each)
            for question, one, each in zip(questions, served, answers, strict=True)
        ]

    def _answers(self, tier: int, examples: Sequence[Example]) -> Sequence[Answer | None]:
        """A tier's answers; a person's are not known here."""
        name = self._manifest.policy.members[tier]
        if name == PERSON:
            return [None] * len(examples)
        index = [one.name for one in self._manifest.members].index(name)
        return self._member(index).answer(examples)

    def _member(self, index: int) -> Adapted:
        if index not in self._ready:
            try:
                self._ready[index] = load_member(
                    self._manifest.members[index], self._bundle, self._view
                )
            except (OSError, ValueError, KeyError, TypeError) as error:
                name = self._manifest.members[index].name
                reason = " ".join(str(error).split())
                reject_bundle(self._bundle, f"{name} cannot be read: {reason}")
        return self._ready[index]


def load_member(member: BundleMember, bundle: Path, view: TaskView) -> Adapted:
    """A member as `apply` saved it, with a model of its own."""
    if member.model is not None and registry.extension("model", member.model.using).recorded:
        return load_recorded(member.model, bundle, view)
    backend = load_model(member, bundle)
    return strategy_of(member.kind).load(
        member.config,
        bundle / member.directory,
        task=view,
        train=(),
        backend=backend,
        retriever=load_retriever(member, bundle, backend),
    )


def load_model(member: BundleMember, bundle: Path) -> Backend | None:
    if member.model is None:
        return None
    factory = cast(BackendFactory, implementation("model", member.model.using))
    backend = factory.load(member.model.options, root=(bundle / member.model.root).resolve())
    require_same(member.model, backend.card.weights, bundle)
    return backend


def load_recorded(model: BundleModel, bundle: Path, view: TaskView) -> Adapted:
    """Recorded answers, which answer the rows of their file again."""
    factory = cast(RecordedFactory, implementation("model", model.using))
    root = (bundle / model.root).resolve()
    require_same(model, factory.fingerprint(model.options, root=root).weights, bundle)
    place = Span(Source((bundle / MANIFEST).as_posix(), model.name), 0, len(model.name))
    return RecordedAdapted(factory, factory.read(model.options, root=root, span=place), view)


def require_same(model: BundleModel, weights: str, bundle: Path) -> None:
    """Raises InputError E0810 where the weights are others than when the bundle was made."""
    if weights != model.weights:
        reject(
            "E0810",
            "a model is not the one that the bundle was made with",
            notes=(f"{model.name}: its weights have another SHA-256 than {bundle} names",),
            help="bring the weights back, or make the bundle again: `cosmosql apply PLAN`",
        )


def load_retriever(member: BundleMember, bundle: Path, backend: Backend | None) -> Retriever | None:
    if member.retriever is None:
        return None
    factory = cast(RetrieverFactory, implementation("retriever", member.retriever.using))
    embed = unit_vectors(backend) if factory.needs_embedding and backend is not None else None
    directory = bundle / member.retriever.directory
    return factory.load(member.retriever.options, directory, embed=embed)


def view_of(manifest: BundleManifest) -> TaskView:
    task = manifest.task
    return TaskView(
        kind=task.kind,
        labels=task.labels,
        instruction=task.instruction,
        separator=task.separator,
        max_tokens=task.max_tokens,
    )


def example_of(manifest: BundleManifest, row: Mapping[str, object], position: int) -> Example:
    """A row as an example without its answer; raises InputError E0811 where a column is missing."""
    task = manifest.task
    template = parse_template(task.input)
    needed = [*template.columns, *([task.choices] if task.choices else [])]
    missing = [column for column in needed if row.get(column) is None]
    if task.choices and not competing(row.get(task.choices)):
        missing.append(task.choices)
    if missing:
        reject(
            "E0811",
            "a row to answer lacks a column",
            notes=(
                f"row {position + 1} has no {'list ' if missing[0] == task.choices else ''}"
                f"`{missing[0]}`; it has {', '.join(f'`{name}`' for name in row) or 'none'}",
            ),
            help=f"the bundle's input is {task.input!r}",
        )
    name = task.id or "id"
    return Example(
        row=digest([str(row[column]) for column in needed]),
        input=template.render(row),
        target="",
        options=options_of(task.choices, task.labels, row),
        id=None if row.get(name) is None else cell_text(row[name]),
    )


def question_of(example: Example) -> Question:
    return Question(row=example.row, text=example.input, options=example.options)


def described(
    manifest: BundleManifest, rule: Rule, row: Mapping[str, object], reply: Reply
) -> dict[str, object]:
    """What `predict` says of a row. Nothing is answered where a person is to."""
    members = manifest.policy.members
    answer = reply.answers.get(reply.tier)
    found: dict[str, object] = {"id": row["id"]} if "id" in row else {}
    found |= {
        "answer": None if answer is None else answer.predicted,
        "tier": reply.tier + 1,
        "member": members[reply.tier],
        "confidence": None if answer is None else answer.signals.get("max_probability"),
        "signals": {} if answer is None else dict(sorted(answer.signals.items())),
    }
    if len(members) > 1:
        found["asked"] = [members[tier] for tier in reply.asked]
        found["why"] = [reasons(rule, reply, tier) for tier in (None, *reply.asked)]
    return found


def reasons(rule: Rule, reply: Reply, tier: int | None) -> dict[str, float]:
    """What the decision after a tier's answer rests on; with None the first one."""
    answer = None if tier is None else reply.answers.get(tier)
    figures = rule.why(reply.question, tier, {} if answer is None else answer.signals)
    return {name: rounded(value) for name, value in sorted(figures.items())}
