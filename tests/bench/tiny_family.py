"""What the tiny family can do, measured with the product's own code: the tables and pictures of
docs/tiny.md.

    python tests/bench/tiny_family.py --write docs/tiny.md      # about a quarter of an hour

Every cell is an `evaluate` measurement on validation rows of a generated task, exactly as a run
would make it. Differences are paired: both models answer the same rows.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.strategy import Fidelity
from cosmosql.data.rows import Role
from cosmosql.extensions.sources.generated.tasks import TASKS
from cosmosql.model.bind import bind
from cosmosql.model.rows import load_data
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.probes.evaluate import evaluate
from cosmosql.probes.runtime import Runtime

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MODELS = ("small", "large")
SHOTS = (0, 1, 2, 4, 8, 16)
SIZES = (32, 128, 512)
RETRIEVERS = ("random", "bm25", "dense")
CELLS = {
    *(("random", shots) for shots in SHOTS),
    *(("bm25", shots) for shots in SHOTS if shots),
    *(("dense", shots) for shots in (4, 8)),
}
"""Ways of demonstrating that are measured, with their shots."""
EPOCHS = {32: 12.0, 128: 6.0, 512: 4.0}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

SPEC = """
import std.tiny as tiny

retriever bm25 using bm25 {{
  corpus = tiny.dataset.{task}
}}

retriever dense using dense {{
  corpus = tiny.dataset.{task}
}}

strategy any using icl {{
  model = tiny.small
  retriever = sweep(retriever.bm25, retriever.dense)
}}

query pick {{
  for tiny.task.{task}
  among strategy.any
  measure within 1 USD
  maximize {metric}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Outcomes and margins on the common rows, shape (rows,)."""

    score: NDArray[np.float64]
    margin: NDArray[np.float64]

    @property
    def percent(self) -> float:
        return 100 * float(self.score.mean())


Results = Mapping[tuple[str, str, str, int], Cell]
"""By task, model, way (`random`, `bm25`, `dense`, `lora`) and shots or train rows."""


def measure(task: str, rows: int) -> dict[tuple[str, str, str, int], Cell]:
    metric = "accuracy" if TASKS[task].kind != "extract" else "exact_match"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.cosmos"
        path.write_text(SPEC.format(task=task, metric=metric), encoding="utf-8")
        program, findings = bind(path)
        if program is None:
            raise SystemExit("\n".join(f"{item.code} {item.title}" for item in findings))
        runtime = Runtime(program, load_data(program, program.queries["query.pick"]))
        found = {}
        for model in MODELS:
            for way, size, request in requests(task, model, rows):
                observation = evaluate(request, runtime)
                found[task, model, way, size] = Cell(
                    score=np.array([item.score for item in observation.items]),
                    margin=np.array(
                        [
                            item.signals.get("margin", item.signals.get("label_margin", np.nan))
                            for item in observation.items
                        ]
                    ),
                )
        return found


def requests(task: str, model: str, rows: int) -> list[tuple[str, int, Measurement]]:
    def request(
        kind: str, retriever: str | None, fidelity: Fidelity, **config: float
    ) -> Measurement:
        candidate = Candidate(
            name=f"{kind}-{model}",
            strategy="strategy.any",
            kind=kind,
            task=f"tiny.task.{task}",
            model=f"tiny.model.{model}",
            retriever=retriever,
            hardware=None,
            config=config,
        )
        return Measurement(
            kind="evaluate",
            candidate=candidate,
            fidelity=fidelity,
            role=str(Role.VALIDATION),
            rows=rows,
            basis="full",
        )

    found = []
    for way in RETRIEVERS:
        retriever = None if way == "random" else f"retriever.{way}"
        for shots in SHOTS:
            if (way, shots) in CELLS:
                fidelity = Fidelity(shots=shots)
                found.append((way, shots, request("icl", retriever, fidelity, shots=shots)))
    for size in SIZES:
        options = {
            "share": 1.0,
            "epochs": EPOCHS[size],
            "rank": 8,
            "alpha": 16,
            "dropout": 0.0,
            "learning_rate": 0.005,
            "batch_size": 16,
        }
        fidelity = Fidelity(train_rows=size)
        found.append(("lora", size, request("lora", None, fidelity, **options)))
    return found


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def in_context(results: Results, tasks: Sequence[str]) -> str:
    rows = []
    for model in MODELS:
        for way in RETRIEVERS:
            means = [
                np.mean([results[task, model, way, shots].percent for task in tasks])
                if (tasks[0], model, way, shots) in results
                else None
                for shots in SHOTS
            ]
            shown = ["" if mean is None else f"{mean:.1f}" for mean in means]
            rows.append([model, way, *shown])
    return table(["model", "demonstrations", *(f"k = {shots}" for shots in SHOTS)], rows)


def fine_tuned(results: Results, tasks: Sequence[str]) -> str:
    rows = [
        [
            model,
            *(
                f"{np.mean([results[task, model, 'lora', size].percent for task in tasks]):.1f}"
                for size in SIZES
            ),
        ]
        for model in MODELS
    ]
    return table(["model", *(f"n = {size:,}" for size in SIZES)], rows)


def difference(large: Cell, small: Cell) -> tuple[float, float, float]:
    """Points by which large is better, with its 90 % interval by paired bootstrap."""
    gains = 100 * (large.score - small.score)
    rng = np.random.default_rng(0)
    means = gains[rng.integers(len(gains), size=(4000, len(gains)))].mean(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(gains.mean()), float(low), float(high)


def compared(results: Results, tasks: Sequence[str]) -> tuple[str, int]:
    """Large against small, task by task, and on how many tasks it is shown to be better."""
    rows, better = [], 0
    for task in tasks:
        shown, wins = [task], False
        for way, size in (("bm25", 8), ("lora", 128), ("lora", 512)):
            cells = [results[task, model, way, size] for model in MODELS]
            gain, low, high = difference(cells[1], cells[0])
            wins = wins or low > 0
            shown.append(f"{cells[0].percent:.1f} → {cells[1].percent:.1f}")
            shown.append(f"{gain:+.1f} [{low:+.1f}, {high:+.1f}]")
        better += wins
        rows.append([*shown, "yes" if wins else "no"])
    heading = ["task"]
    for name in ("BM25, k = 8", "LoRA, n = 128", "LoRA, n = 512"):
        heading += [name, "difference"]
    return table([*heading, "large better"], rows), better


def margins(results: Results, tasks: Sequence[str]) -> str:
    rows = []
    for task in tasks:
        shown = [task]
        for way, size in (("bm25", 8), ("lora", 512)):
            cell = results[task, "small", way, size]
            if np.isnan(cell.margin).all():
                shown += ["", ""]
                continue
            order = np.argsort(np.nan_to_num(cell.margin, nan=-np.inf))
            half = len(order) // 2
            shown += [
                f"{100 * cell.score[order[half:]].mean():.1f}",
                f"{100 * cell.score[order[:half]].mean():.1f}",
            ]
        rows.append(shown)
    heading = ["task", "BM25: sure half", "unsure half", "LoRA: sure half", "unsure half"]
    return table(heading, rows)


def tasks_table(tasks: Sequence[str]) -> str:
    rows = []
    for name in tasks:
        task = TASKS[name]
        labels = str(len(task.labels)) if task.labels else "open"
        rows.append([name, task.kind, labels, f"{100 * task.noise:.0f} %", task.description])
    return table(["task", "kind", "labels", "wrong labels", "what it asks"], rows)


def pictures(results: Results, tasks: Sequence[str], folder: Path) -> None:
    """One line a model and way: mean over tasks, against shots and against train rows."""
    folder.mkdir(parents=True, exist_ok=True)
    matplotlib.rcParams.update({"svg.hashsalt": "tiny", "svg.fonttype": "none", "font.size": 9})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    colours = {"random": "#8a8a8a", "bm25": "#2a6fbb", "dense": "#c8641e"}
    for model, style in zip(MODELS, ("--", "-"), strict=True):
        for way in RETRIEVERS:
            points = [
                (shots, np.mean([results[task, model, way, shots].percent for task in tasks]))
                for shots in SHOTS
                if (tasks[0], model, way, shots) in results
            ]
            left.plot(
                *zip(*points, strict=True), style, color=colours[way], label=f"{model}, {way}"
            )
        means = [
            np.mean([results[task, model, "lora", n].percent for task in tasks]) for n in SIZES
        ]
        right.plot(SIZES, means, style, color="#3b7d3b", label=f"{model}, LoRA")
    left.set(xlabel="demonstrations", ylabel="accuracy, mean of tasks (%)", xticks=SHOTS)
    right.set(xlabel="train rows", xscale="log")
    right.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    right.minorticks_off()
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(folder / "tiny-curves.svg", metadata={"Date": None})
    plt.close(figure)


def report(results: Results, tasks: Sequence[str], rows: int) -> str:
    against, better = compared(results, tasks)
    return "\n\n".join(
        [
            f"Measured on {rows} validation rows a task, {len(tasks)} tasks, by "
            "`python tests/bench/tiny_family.py`.",
            "## The tasks",
            tasks_table(tasks),
            "## In context",
            "Mean accuracy over the tasks, in percent.",
            in_context(results, tasks),
            "![Accuracy against demonstrations and against train rows](images/tiny-curves.svg)",
            "## Fine-tuned with LoRA",
            "Mean accuracy over the tasks, in percent; rank 8, learning rate 0.005, one seed.",
            fine_tuned(results, tasks),
            "## Large against small",
            "Accuracy of small → large, and the paired difference in points with its 90 % "
            "interval. "
            f"Large is shown to be better in at least one of the three columns on {better} of "
            f"{len(tasks)} tasks.",
            against,
            "## The small model's margin",
            "Accuracy of the small model on the half of the rows where its margin is larger, and "
            "on the other half.",
            margins(results, tasks),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300, help="validation rows a task")
    parser.add_argument("--tasks", nargs="*", default=sorted(TASKS))
    parser.add_argument("--write", type=Path, help="put the tables between the page's markers")
    options = parser.parse_args()
    results: dict[tuple[str, str, str, int], Cell] = {}
    for task in options.tasks:
        results |= measure(task, options.rows)
        print(f"measured {task}", flush=True)
    text = report(results, options.tasks, options.rows)
    if options.write is None:
        print(text)
        return
    pictures(results, options.tasks, options.write.parent / "images")
    page = options.write.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    options.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
