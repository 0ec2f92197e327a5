"""Program, query and loaded data to a plan graph, by an ordered tuple of passes: `STEPS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from cosmosql.contracts.retriever import RetrieverFactory
from cosmosql.contracts.strategy import Fidelity
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.identity import Json, digest, jsonable
from cosmosql.model.program import Program, Query, Task
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.plan.expand import expand
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.nodes import Node, NodeKind
from cosmosql.plan.series import Series, first_steps, group, off_axis
from cosmosql.schema import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A graph in the making. Each pass adds nodes that need only what stands already."""

    program: Program
    query: Query
    data: Mapping[str, LoadedDataset]
    candidates: tuple[Candidate, ...]
    series: tuple[Series, ...]
    nodes: Mapping[str, Node]
    measurements: Mapping[str, Measurement]

    @property
    def task(self) -> Task:
        return self.program.tasks[self.query.task]

    @property
    def models(self) -> tuple[str, ...]:
        """References of the models that candidates use, in the order of first use."""
        used = (candidate.model for candidate in self.candidates)
        return tuple(dict.fromkeys(model for model in used if model is not None))

    def user_of(self, model: str) -> Candidate:
        """The first candidate that uses a model."""
        return next(candidate for candidate in self.candidates if candidate.model == model)

    def rows(self, role: Role) -> int:
        """Rows of a role in the task's dataset."""
        return len(self.data[self.task.dataset].rows[role])

    @property
    def probe_rows(self) -> int:
        """Validation rows on which everything is compared."""
        wanted = self.program.probes[self.query.probe].rows
        return min(wanted, self.rows(Role.VALIDATION))

    @property
    def blocks(self) -> tuple[range, ...]:
        """The validation rows in blocks of as many as everything is compared on."""
        rows = self.probe_rows
        most = self.program.probes[self.query.probe].most_rows or rows
        end = max(rows, min(most, self.rows(Role.VALIDATION)))
        return tuple(range(at, min(at + rows, end)) for at in range(0, end, max(rows, 1)))

    def adding(self, node: Node, measurement: Measurement | None = None) -> Draft:
        """With the node, unless one of its id stands already: that is how probes are shared."""
        if node.id in self.nodes:
            return self
        requests = {} if measurement is None else {node.id: measurement}
        return replace(
            self,
            nodes={**self.nodes, node.id: node},
            measurements={**self.measurements, **requests},
        )


SMALLEST_POOL = 16
"""Train rows below which light heads have nothing to say of a learning curve."""

Step: TypeAlias = Callable[[Draft], Draft]


def build(program: Program, query: Query, data: Mapping[str, LoadedDataset]) -> PlanGraph:
    """The plan graph of one query; the same input gives the same graph, node for node.

    `data` holds the loaded datasets by reference: the task's, and every retriever's corpus.
    """
    candidates = expand(program, query)
    pools = {candidate.name: pool_size(program, candidate, data) for candidate in candidates}
    draft = Draft(
        program=program,
        query=query,
        data=data,
        candidates=candidates,
        series=group(candidates, pools, program.probes[query.probe]),
        nodes={},
        measurements={},
    )
    for step in STEPS:
        draft = step(draft)
    return PlanGraph(
        program=program,
        query=query,
        candidates=draft.candidates,
        series=draft.series,
        nodes=tuple(draft.nodes.values()),
        measurements=draft.measurements,
        first=first_round(draft),
    )


def first_round(draft: Draft) -> tuple[str, ...]:
    """Ids of what is measured before anything is known: device profiles, proxies, and the first
    steps of the series; all there is where the probe's order is complete."""
    probe = draft.program.probes[draft.query.probe]
    if probe.order == "complete":
        return tuple(draft.measurements)
    wanted = {
        _measurement(draft, series, step)[0].id for series, step in first_steps(draft.series, probe)
    }
    return tuple(
        id
        for id, request in draft.measurements.items()
        if request.kind != "evaluate" or id in wanted
    )


def corpus_of(program: Program, candidate: Candidate) -> str:
    """The dataset whose train rows a candidate learns from or demonstrates with."""
    if candidate.retriever is not None:
        return program.retrievers[candidate.retriever].corpus
    return program.tasks[candidate.task].dataset


def pool_size(program: Program, candidate: Candidate, data: Mapping[str, LoadedDataset]) -> int:
    """Train rows that a candidate may use."""
    return len(data[corpus_of(program, candidate)].rows[Role.TRAIN])


def add_datasets(draft: Draft) -> Draft:
    used = [draft.task.dataset]
    used += [corpus_of(draft.program, candidate) for candidate in draft.candidates]
    for name in dict.fromkeys(used):
        loaded = draft.data[name]
        counts: Json = {str(role): len(rows) for role, rows in loaded.rows.items()}
        load = Node(
            id=f"load:{name}",
            kind=NodeKind.LOAD,
            needs=(),
            with_={
                "using": draft.program.datasets[name].using,
                "fingerprint": loaded.fingerprint,
            },
        )
        split = Node(
            id=f"split:{name}", kind=NodeKind.SPLIT, needs=(load.id,), with_={"rows": counts}
        )
        draft = draft.adding(load).adding(split)
    return draft


def add_models(draft: Draft) -> Draft:
    for name in draft.models:
        model = draft.program.models[name]
        draft = draft.adding(
            Node(
                id=f"resolve:{name}",
                kind=NodeKind.RESOLVE,
                needs=(),
                with_={"model": name, "using": model.using, "options": jsonable(model.options)},
            )
        )
    return draft


def add_profiles(draft: Draft) -> Draft:
    for name in filter(draft.program.runs, draft.models):
        request = Measurement(
            kind="profile",
            candidate=draft.user_of(name),
            fidelity=Fidelity(),
            role="",
            rows=0,
            basis="full",
        )
        node = Node(
            id=f"profile:{name}", kind=NodeKind.PROFILE, needs=(f"resolve:{name}",), with_={}
        )
        draft = draft.adding(node, request)
    return draft


def add_indexes(draft: Draft) -> Draft:
    for candidate in draft.candidates:
        if candidate.retriever is None:
            continue
        retriever = draft.program.retrievers[candidate.retriever]
        needs = [f"split:{retriever.corpus}"]
        if _embeds(retriever.using) and candidate.model is not None:
            needs.append(f"resolve:{candidate.model}")
        draft = draft.adding(
            Node(
                id=index_id(draft.program, candidate),
                kind=NodeKind.INDEX,
                needs=tuple(needs),
                with_={"using": retriever.using, "options": jsonable(retriever.options)},
            )
        )
    return draft


def index_id(program: Program, candidate: Candidate) -> str:
    """One index a retriever; one a retriever and model where the model embeds the rows."""
    retriever = program.retrievers[candidate.retriever or ""]
    if _embeds(retriever.using):
        return f"index:{retriever.name}:{candidate.model}"
    return f"index:{retriever.name}"


def _embeds(using: str) -> bool:
    factory = cast(RetrieverFactory, registry.load(registry.extension("retriever", using)))
    return factory.needs_embedding


def add_proxies(draft: Draft) -> Draft:
    if not heads_fit(draft.task):
        return draft
    for series in draft.series:
        first = series.candidates[0]
        if not series.trains or first.model is None:
            continue
        if pool_size(draft.program, first, draft.data) < SMALLEST_POOL:
            continue
        request = Measurement(
            kind="proxy",
            candidate=first,
            fidelity=Fidelity(),
            role=str(Role.VALIDATION),
            rows=draft.probe_rows,
            basis="reduced",
        )
        node = Node(
            id=f"embed:{first.model}",
            kind=NodeKind.EMBED,
            needs=(
                f"split:{draft.task.dataset}",
                f"resolve:{first.model}",
                f"profile:{first.model}",
            ),
            with_={"rows": draft.probe_rows},
        )
        draft = draft.adding(node, request)
    return draft


def heads_fit(task: Task) -> bool:
    """Whether light heads can be put on embeddings: only where every row has the same labels."""
    return task.using == "classify"


def add_measurements(draft: Draft) -> Draft:
    for series in draft.series:
        for fidelity, rows in _steps(draft, series):
            draft = draft.adding(*_measurement(draft, series, fidelity, rows))
    return draft


def _steps(draft: Draft, series: Series) -> Iterator[tuple[Fidelity, range | None]]:
    """The ladder of a series on the common rows, then what is a candidate in full on further
    blocks of them."""
    yield from ((fidelity, None) for fidelity in series.ladder)
    for rows in draft.blocks[1:]:
        yield from ((step, rows) for step in series.ladder if series.owner(step) is not None)


def _measurement(
    draft: Draft, series: Series, fidelity: Fidelity, rows: range | None = None
) -> tuple[Node, Measurement]:
    owner = series.owner(fidelity)
    candidate = owner or series.candidates[0]
    needs = [f"split:{draft.task.dataset}"]
    if (corpus := corpus_of(draft.program, candidate)) != draft.task.dataset:
        needs.append(f"split:{corpus}")
    if candidate.model is not None:
        needs.append(f"resolve:{candidate.model}")
    if draft.program.runs(candidate.model):
        needs.append(f"profile:{candidate.model}")
    if candidate.retriever is not None:
        needs.append(index_id(draft.program, candidate))
    with_: dict[str, Json] = {
        "strategy": candidate.kind,
        "config": jsonable(off_axis(candidate)),
        "fidelity": jsonable(fidelity),
        "role": str(Role.VALIDATION),
        "rows": draft.probe_rows if rows is None else len(rows),
        **({} if rows is None else {"start": rows.start}),
    }
    request = Measurement(
        kind="evaluate",
        candidate=candidate,
        fidelity=fidelity,
        role=str(Role.VALIDATION),
        rows=draft.probe_rows if rows is None else len(rows),
        basis="full" if owner else "reduced",
        start=0 if rows is None else rows.start,
    )
    name = measure_id(tuple(needs), with_)
    return Node(id=name, kind=NodeKind.MEASURE, needs=tuple(needs), with_=with_), request


def measure_id(needs: tuple[str, ...], with_: Mapping[str, Json]) -> str:
    """The same for the same request, whichever candidate asks."""
    return f"measure:{digest([list(needs), with_])[:12]}"


def add_fits(draft: Draft) -> Draft:
    for series in draft.series:
        first = series.candidates[0]
        needs = [_measurement(draft, series, *step)[0].id for step in _steps(draft, series)]
        if (embed := f"embed:{first.model}") in draft.nodes and series.trains:
            needs.append(embed)
        draft = draft.adding(
            Node(
                id=series.id,
                kind=NodeKind.FIT,
                needs=tuple(dict.fromkeys(needs)),
                with_={
                    "strategy": series.kind,
                    "axis": series.axis,
                    "full": [jsonable(series.full[one.name]) for one in series.candidates],
                },
            )
        )
    return draft


def add_comparison(draft: Draft) -> Draft:
    fits = tuple(node.id for node in draft.nodes.values() if node.kind is NodeKind.FIT)
    return draft.adding(
        Node(
            id="compare",
            kind=NodeKind.COMPARE,
            needs=fits,
            with_={"metric": draft.task.metric, "rows": draft.probe_rows},
        )
    )


def add_decision(draft: Draft) -> Draft:
    query = draft.query
    return draft.adding(
        Node(
            id="decide",
            kind=NodeKind.DECIDE,
            needs=("compare",),
            with_={
                "direction": query.objective.direction,
                "objective": query.objective.text,
                "requirements": [requirement.text for requirement in query.requirements],
                "policies": [draft.program.policies[name].using for name in query.policies],
                "tolerance": str(query.tolerance),
                "confidence": str(query.confidence),
            },
        )
    )


STEPS: tuple[Step, ...] = (
    add_datasets,
    add_models,
    add_profiles,
    add_indexes,
    add_proxies,
    add_measurements,
    add_fits,
    add_comparison,
    add_decision,
)
