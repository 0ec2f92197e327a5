"""The rows of a query's datasets, and what only they can tell: `ROW_CHECKS`, all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cosmosql.data.choices import competing, is_ambiguous, is_letter, option_named
from cosmosql.data.findings import Findings
from cosmosql.data.load import group_text, is_remote, load
from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.data.template import TemplateError, cell_text, parse_template
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.diagnostics.suggest import closest
from cosmosql.model.program import Dataset, Model, Program, Query, Task, strategies_of
from cosmosql.model.recordings import recorded_models, recording_findings

FEWEST_LABELS = 2
_ANSWERS = (str, int, float)
MANY_LABELS = 20
"""From so many labels on, more of them than half the train rows are no classification."""


def load_data(program: Program, query: Query) -> Mapping[str, LoadedDataset]:
    """The datasets that a query reads, by reference: the task's and its retrievers' corpora.

    Raises InputError with every finding in them: E0404, E0502, E0510 to E0522.
    """
    loaded, findings = _Loader(program, local_only=False).query(query)
    if findings:
        raise InputError(findings)
    return loaded


def examine_data(
    program: Program,
) -> tuple[tuple[Diagnostic, ...], Mapping[str, Mapping[str, LoadedDataset]]]:
    """What is wrong with the rows of every query (of every task where the spec asks nothing), and
    the rows of the queries of which all could be loaded and none is wrong, by query.

    Rows that only the network has are left out: they are looked at when they are loaded.
    """
    found: dict[Diagnostic, None] = {}
    right: dict[str, Mapping[str, LoadedDataset]] = {}
    loader = _Loader(program, local_only=True)
    for name, query in program.queries.items():
        loaded, findings = loader.query(query)
        found.update(dict.fromkeys(findings))
        if not findings and set(datasets_of(program, query)) <= set(loaded):
            right[name] = loaded
    for task in _tasks_alone(program):
        found.update(dict.fromkeys(loader.task(task)[1]))
    return tuple(found), right


def _tasks_alone(program: Program) -> list[Task]:
    """The spec's own tasks where it asks nothing."""
    own = (task for task in program.tasks.values() if "." not in task.name.removeprefix("task."))
    return [] if program.queries else list(own)


def datasets_looked_at(program: Program) -> tuple[Dataset, ...]:
    """The datasets of which `examine_data` looks at the rows."""
    asked = (name for query in program.queries.values() for name in datasets_of(program, query))
    names = (*asked, *(task.dataset for task in _tasks_alone(program)))
    return tuple(program.datasets[name] for name in dict.fromkeys(names))


def datasets_of(program: Program, query: Query) -> tuple[str, ...]:
    """References of the task's dataset and of the corpora that the query's retrievers search."""
    corpora = [
        program.retrievers[name].corpus
        for strategy in strategies_of(program, query)
        for name in strategy.retrievers
    ]
    return tuple(dict.fromkeys((program.tasks[query.task].dataset, *corpora)))


def inputs_of(program: Program) -> Mapping[str, tuple[str, ...]]:
    """The columns of each dataset that tasks show to a model, sorted: they say which rows are
    alike.

    Tasks of every file count, so two specs that share a dataset and its tasks agree on its roles.
    """
    columns: dict[str, set[str]] = {}
    for task in program.tasks.values():
        if _readable(task):
            columns.setdefault(task.dataset, set()).update(parse_template(task.input).columns)
    return {name: tuple(sorted(found)) for name, found in columns.items()}


_Loaded = tuple[Mapping[str, LoadedDataset], Sequence[Diagnostic]]


class _Loader:
    """The rows of tasks and what is wrong with them; each dataset is loaded once, and each task
    with the same corpora looked at once."""

    def __init__(self, program: Program, *, local_only: bool) -> None:
        self._program = program
        self._local_only = local_only
        self._inputs = inputs_of(program)
        self._datasets: dict[str, LoadedDataset | InputError] = {}
        self._tasks: dict[tuple[str, ...], _Loaded] = {}
        self._recordings: dict[tuple[str, str], tuple[Diagnostic, ...]] = {}

    def query(self, query: Query) -> _Loaded:
        """Those of a query's task, with the corpora of its retrievers and, where nothing is wrong
        with them, what is wrong with the recorded answers to them."""
        _, *corpora = datasets_of(self._program, query)
        loaded, findings = self.task(self._program.tasks[query.task], *corpora)
        task = self._program.tasks[query.task]
        if findings or task.dataset not in loaded:
            return loaded, findings
        rows = loaded[task.dataset]
        models = recorded_models(self._program, query)
        return loaded, [one for model in models for one in self._recorded(model, task, rows)]

    def _recorded(self, model: Model, task: Task, rows: LoadedDataset) -> tuple[Diagnostic, ...]:
        """What is wrong with recorded answers, each file and task looked at once."""
        if (model.name, task.name) not in self._recordings:
            found = recording_findings(model, task, self._program.datasets[task.dataset], rows)
            self._recordings[model.name, task.name] = found
        return self._recordings[model.name, task.name]

    def task(self, task: Task, *corpora: str) -> _Loaded:
        read = (task.name, *corpora)
        if read not in self._tasks:
            self._tasks[read] = self._task(task, corpora) if _readable(task) else ({}, ())
        return self._tasks[read]

    def _task(self, task: Task, corpora: Sequence[str]) -> _Loaded:
        loaded: dict[str, LoadedDataset] = {}
        findings: list[Diagnostic] = []
        for name in dict.fromkeys((task.dataset, *corpora)):
            if self._local_only and is_remote(self._program.datasets[name]):
                continue
            found = self._dataset(name)
            if isinstance(found, InputError):
                findings.extend(found.diagnostics)
            else:
                loaded[name] = found
        for name, rows in loaded.items():
            scene = Scene(task, self._program.datasets[name], rows, loaded.get(task.dataset))
            findings.extend(scene.check())
        return loaded, findings

    def _dataset(self, name: str) -> LoadedDataset | InputError:
        if name not in self._datasets:
            try:
                inputs = self._inputs.get(name, ())
                self._datasets[name] = load(self._program.datasets[name], inputs=inputs)
            except InputError as error:
                self._datasets[name] = error
        return self._datasets[name]


def _readable(task: Task) -> bool:
    """False where the static checks have refused the task's template already."""
    try:
        parse_template(task.input)
    except TemplateError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Scene:
    """One dataset in the part that it plays for a task: its rows, or a corpus to retrieve from."""

    task: Task
    dataset: Dataset
    rows: LoadedDataset
    asked: LoadedDataset | None
    """The rows of the task itself; None where they could not be loaded."""

    @property
    def is_corpus(self) -> bool:
        return self.dataset.name != self.task.dataset

    @property
    def used(self) -> Iterator[Row]:
        """The rows that the task reads: of a corpus the train rows."""
        roles = (Role.TRAIN,) if self.is_corpus else tuple(Role)
        for role in roles:
            yield from self.rows.rows[role]

    def check(self) -> tuple[Diagnostic, ...]:
        columns = Findings(self.task, shown=self.rows.shown)
        _columns(self, columns)
        if columns.diagnostics:
            return columns.diagnostics
        found = Findings(self.task, shown=self.rows.shown)
        for one in ROW_CHECKS:
            one(self, found)
        return found.diagnostics


def _columns(scene: Scene, findings: Findings) -> None:
    """E0510: every row has the columns of the template, the target and the choices."""
    task = scene.task
    wanted = dict.fromkeys(parse_template(task.input).columns, "input")
    wanted.setdefault(task.target, "target")
    if task.choices is not None:
        wanted.setdefault(task.choices, "choices")
    for name, attribute in wanted.items():
        without = next((row for row in scene.used if name not in row.values), None)
        if without is not None:
            findings.missing_column(
                name,
                scene.rows.columns,
                at=attribute,
                origin=without.origin,
                values=without.values,
            )


def _values(scene: Scene, findings: Findings) -> None:
    """E0515 empty cells, E0520 targets that are no text or number."""
    shown = parse_template(scene.task.input).columns
    for row in scene.used:
        for name in (*shown, scene.task.target):
            value = row.values[name]
            empty = value is None or (name == scene.task.target and value == "")
            if empty:
                findings.add(
                    "E0515",
                    "value missing",
                    at="target" if name == scene.task.target else "input",
                    label=f"`{name}` is empty in some rows",
                    notes=(f"{row.origin}: `{name}` has no value",),
                    help="fill the cell in, or remove the row",
                )
            elif name == scene.task.target and not isinstance(value, _ANSWERS):
                findings.add(
                    "E0520",
                    "target is neither text nor number",
                    at="target",
                    label=f"`{name}` holds lists or objects",
                    notes=(findings.row(row.origin, value),),
                    help="name a column that holds one answer",
                )


def _labels(scene: Scene, findings: Findings) -> None:
    """E0514 labels that nothing was learnt of, E0521 label sets that are no classification."""
    task = scene.task
    if task.using != "classify":
        return
    asked = scene.asked or scene.rows
    train = Counter(
        _answer(row, task)
        for row in asked.rows[Role.TRAIN]
        if isinstance(row.values.get(task.target), _ANSWERS)
    )
    known = set(task.labels) or set(train)
    told: set[str] = set()
    for row in scene.used:
        label = _answer(row, task)
        if (
            not isinstance(row.values[task.target], _ANSWERS)
            or label in known | told
            or label == ""
        ):
            continue
        told.add(label)
        wanted = findings.shown and findings.wants("E0514")
        nearest = closest(label, known) if wanted else None
        findings.add(
            "E0514",
            "unknown label",
            at="labels" if task.labels else "target",
            label="`labels` does not list every label of the rows"
            if task.labels
            else f"a label of the {row.role} rows never occurs in the train rows",
            notes=(findings.row(row.origin, label),),
            help=f"did you mean `{nearest}`?"
            if nearest
            else "list every label: `labels = [a, b]`, or add train rows that have it",
        )
    total = sum(train.values())
    many = len(known) > MANY_LABELS and len(known) > total / 2
    if not scene.is_corpus and (len(known) < FEWEST_LABELS or many):
        findings.add(
            "E0522",
            "labels that are no classes",
            at="labels" if task.labels else "target",
            label=f"{len(known)} labels in {total} train rows",
            help="use `using generate` for open answers, or another `target`"
            if many
            else "classify needs at least two labels",
        )


def _choices(scene: Scene, findings: Findings) -> None:
    """E0523: the options of a row are a list or an object that holds its target; where targets are
    letters of places none of them is a text as well."""
    task = scene.task
    if task.choices is None:
        return
    lettered = any(is_letter(_answer(row, task), row.values[task.choices]) for row in scene.used)
    for row in scene.used:
        options, target = row.values[task.choices], _answer(row, task)
        few = len(set(competing(options))) < FEWEST_LABELS
        unclear = lettered and is_ambiguous(target, options)
        if few or unclear or option_named(target, options) is None:
            findings.add(
                "E0523",
                "choices do not fit the target",
                at="choices",
                label=f"`{task.choices}` is a list of at least two options, the target among them",
                notes=(findings.row(row.origin, options),),
                help="other rows name their option by its letter, and this one is a letter and an "
                'option: write an object, `{"A": "…", "B": "…"}`'
                if unclear
                else "mend the row, or name the right columns",
            )


def _leaks(scene: Scene, findings: Findings) -> None:
    """E0404: a corpus holds no row on which candidates are judged."""
    if not scene.is_corpus or scene.asked is None:
        return
    columns = parse_template(scene.task.input).columns
    judged: dict[str, Row] = {}
    for role in (Role.VALIDATION, Role.CALIBRATION, Role.TEST):
        for row in scene.asked.rows[role]:
            judged.setdefault(group_text(row.values, columns), row)
    for row in scene.used:
        other = judged.get(group_text(row.values, columns))
        if other is not None:
            findings.add(
                "E0404",
                "rows leak between roles",
                label="a row on which candidates are judged stands in a retriever's corpus",
                notes=(f"{row.origin} has the same text as {other.origin} ({other.role})",),
                help="remove the row from the corpus",
            )


def _answer(row: Row, task: Task) -> str:
    return cell_text(row.values[task.target])


ROW_CHECKS: tuple[Callable[[Scene, Findings], None], ...] = (_values, _labels, _choices, _leaks)
