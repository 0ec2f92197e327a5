"""A bundle and rows in, answers out: who answered each row, and how surely.

A tier is loaded when the first row reaches it; rows are answered in batches, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn, cast

from cosmosql.apply.policy import drawn_for_last, goes_on
from cosmosql.artifact.bundle import BundleManifest, BundleMember
from cosmosql.artifact.storage import read_bundle, reject_bundle
from cosmosql.contracts.backend import Backend, BackendFactory, ContextOverflow
from cosmosql.contracts.retriever import Retriever, RetrieverFactory
from cosmosql.contracts.strategy import Adapted, Answer, Example, TaskView
from cosmosql.data.choices import competing, options_of
from cosmosql.data.template import parse_template
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.identity import digest
from cosmosql.plan.series import strategy_of
from cosmosql.probes.runtime import implementation, unit_vectors

BATCH = 64


def predict(
    bundle: Path, rows: Iterable[Mapping[str, object]], *, batch: int = BATCH
) -> Iterator[dict[str, object]]:
    """One answer a row: `answer`, `tier` (from 1) and `member` that gave it, its `confidence` (the
    largest probability among the options) where there is one, its `signals`, and the row's `id`.

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
            answers = answerer.answer(examples)
        except ContextOverflow as error:
            reject_overflow(error, position + 1, position + len(taken))
        position += len(taken)
        for row, (tier, answer) in zip(taken, answers, strict=True):
            yield described(manifest, row, tier, answer)


def reject_overflow(error: ContextOverflow, first: int, last: int) -> NoReturn:
    place = f"row {first}" if first == last else f"one of the rows {first} to {last}"
    reject(
        "E0812",
        "a row to answer does not fit the context",
        notes=(f"{place}: {error}",),
        help="shorten the row's texts, or leave it out",
    )


class Answerer:
    """The bundle's members, made ready when they are first needed."""

    def __init__(self, manifest: BundleManifest, bundle: Path) -> None:
        self._manifest = manifest
        self._bundle = bundle
        self._view = view_of(manifest)
        self._ready: dict[int, Adapted] = {}

    def answer(self, examples: Sequence[Example]) -> list[tuple[int, Answer]]:
        """The tier (from 0) and the answer of each example."""
        policy, last = self._manifest.policy, len(self._manifest.members) - 1
        tiers = [
            last if policy.kind == "mix" and drawn_for_last(policy, example.row) else 0
            for example in examples
        ]
        answers = self._ask(0, tiers, examples)
        if policy.kind == "cascade":
            for index, answer in answers.items():
                if goes_on(policy, answer.signals):
                    tiers[index] = last
        if last > 0:
            answers |= self._ask(last, tiers, examples)
        return [(tier, answers[index]) for index, tier in enumerate(tiers)]

    def _ask(
        self, member: int, tiers: Sequence[int], examples: Sequence[Example]
    ) -> dict[int, Answer]:
        """The member's answers to the examples of its tier, by their place."""
        places = [index for index, tier in enumerate(tiers) if tier == member]
        if not places:
            return {}
        answers = self._member(member).answer([examples[index] for index in places])
        return dict(zip(places, answers, strict=True))

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
    if backend.card.weights != member.model.weights:
        reject(
            "E0810",
            "a model is not the one that the bundle was made with",
            notes=(f"{member.model.name}: its weights have another SHA-256 than {bundle} names",),
            help="bring the weights back, or make the bundle again: `cosmosql apply PLAN`",
        )
    return backend


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
    return Example(
        row=digest([str(row[column]) for column in needed]),
        input=template.render(row),
        target="",
        options=options_of(task.choices, task.labels, row),
    )


def described(
    manifest: BundleManifest, row: Mapping[str, object], tier: int, answer: Answer
) -> dict[str, object]:
    found: dict[str, object] = {"id": row["id"]} if "id" in row else {}
    found |= {
        "answer": answer.predicted,
        "tier": tier + 1,
        "member": manifest.members[tier].name,
        "confidence": answer.signals.get("max_probability"),
        "signals": dict(sorted(answer.signals.items())),
    }
    return found
