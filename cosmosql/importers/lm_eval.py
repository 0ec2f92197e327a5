"""A task of the LM Evaluation Harness: its rows and its question become a dataset and a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmosql.importers.draft import Code, Draft, Written, count, name_of, template, word
from cosmosql.importers.question import ON, ask, place, stand_in

_CARRIED = {
    "task",
    "dataset_path",
    "dataset_name",
    "dataset_kwargs",
    "output_type",
    "training_split",
    "validation_split",
    "test_split",
    "doc_to_text",
    "doc_to_target",
    "doc_to_choice",
    "metric_list",
    "num_fewshot",
    "generation_kwargs",
    "target_delimiter",
}
_SPLITS = {"train": "training_split", "validation": "validation_split", "test": "test_split"}
_WHY = {
    "process_docs": "it names code; prepare the rows beforehand",
    "process_results": "it names code; a metric here is a plug-in",
    "description": "write it as the task's `instruction`",
    "filter_list": "answers are compared as they are; a metric here is a plug-in",
    "fewshot_split": "demonstrations are train rows here",
    "include": "the included file is not read: import its keys by hand",
    "group": "a spec asks about one task",
    "tag": "a spec asks about one task",
    "repeats": "answers are greedy here",
}
_OTHERWISE = "it has no counterpart in a spec"


def recognises(document: Mapping[str, Any]) -> bool:
    """True where the keys are the harness's."""
    return "doc_to_text" in document and ("dataset_path" in document or "task" in document)


def draft(document: Mapping[str, Any], path: Path) -> Draft:
    """A spec that asks the task's question of a small model, with and without examples."""
    made = Draft("LM Evaluation Harness", path.name)
    place(made)
    model = stand_in(made, "a task names no model")
    dataset = _dataset(document, made)
    using, attributes = _answers(document, made)
    metric = _metric(document, using, made)
    task = made.block(
        "task",
        name_of(str(document.get("task", "")), "task"),
        {
            "data": Code(dataset),
            "input": _input(document.get("doc_to_text"), made),
            **attributes,
            "metric": Code(metric),
        },
        using=using,
    )
    on = {"model": model, "on": ON}
    strategies = [made.block("strategy", "zero_shot", on, using="prompt")]
    shots = count(document.get("num_fewshot"))
    if shots is not None:
        few = {**on, "shots": shots}
        strategies.append(made.block("strategy", "few_shot", few, using="icl"))
    ask(made, task, strategies, metric)
    for key, value in document.items():
        if key not in _CARRIED and key != "metadata" and value not in (None, [], {}):
            made.drop(key, _WHY.get(key, _OTHERWISE))
    return made


def _dataset(document: Mapping[str, Any], made: Draft) -> str:
    files = _files(document)
    splits = {role: document.get(key) for role, key in _SPLITS.items() if document.get(key)}
    source = str(document.get("dataset_path") or "rows.jsonl")
    if files is not None:
        attributes: dict[str, Written | None] = {
            role: str(files[str(split)]) for role, split in splits.items() if str(split) in files
        }
        if not attributes:
            attributes = {"source": str(next(iter(files.values())))}
        using = {"csv": "csv", "parquet": "parquet"}.get(source, "jsonl")
        return made.block("dataset", "rows", attributes, using=using)
    config = document.get("dataset_name")
    attributes = {"source": source, "config": str(config) if config else None}
    attributes |= {role: str(split) for role, split in splits.items()}
    return made.block("dataset", "rows", attributes, using="hf")


def _files(document: Mapping[str, Any]) -> Mapping[str, object] | None:
    """The data files by split, where the dataset is made of local files."""
    options = document.get("dataset_kwargs")
    files = options.get("data_files") if isinstance(options, Mapping) else None
    if isinstance(files, str):
        return {"train": files}
    if isinstance(files, Mapping) and files:
        return {str(split): file for split, file in files.items()}
    return None


def _input(text: object, made: Draft) -> str:
    found = template(text) if isinstance(text, str) else None
    if found is not None and "{" not in found and found.isidentifier():
        return f"{{{found}}}"
    if found is not None and "{" in found:
        return found
    made.drop("doc_to_text", "it holds more than columns: write `input` by hand")
    made.assume("`input`: the column `question`")
    return "{question}"


def _answers(document: Mapping[str, Any], made: Draft) -> tuple[str, dict[str, Written | None]]:
    """What kind of task it is, and the attributes that say where its answers are."""
    target = _column(document.get("doc_to_target"))
    if target is None:
        made.drop("doc_to_target", "it is no column: name the column of the right answer")
        made.assume("`target`: the column `answer`")
        target = "answer"
    if document.get("output_type") != "multiple_choice":
        limits = document.get("generation_kwargs")
        longest = limits.get("max_gen_toks") if isinstance(limits, Mapping) else None
        if isinstance(limits, Mapping) and limits.get("until"):
            made.drop("until", "an answer ends at the line's end or after `max_tokens`")
        return "generate", {"target": word(target), "max_tokens": count(longest)}
    options = document.get("doc_to_choice")
    column = _column(options)
    if column is not None:
        made.assume(f"`target`: the text of one of `{column}`, not its number")
        return "choose", {"target": word(target), "choices": word(column)}
    if isinstance(options, list):
        made.drop("doc_to_choice", "labels are those of the rows: rename them there")
    elif options is not None:
        made.drop("doc_to_choice", "it holds more than a column: prepare a column of options")
    return "classify", {"target": word(target)}


def _column(value: object) -> str | None:
    """The column that an expression names, alone or in double braces."""
    if not isinstance(value, str):
        return None
    found = template(value.strip())
    if found is not None and found.startswith("{") and found.endswith("}"):
        inner = found[1:-1]
        return inner if inner.isidentifier() else None
    return value if value.isidentifier() else None


def _metric(document: Mapping[str, Any], using: str, made: Draft) -> str:
    """The first metric that has a counterpart; the others are noted."""
    known = {"exact_match": "exact_match", "f1": "token_f1"} if using == "generate" else {}
    if using != "generate":
        known = {"acc": "accuracy"} | ({"f1": "macro_f1"} if using == "classify" else {})
    listed = document.get("metric_list")
    names = [
        str(entry.get("metric"))
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, Mapping)
    ]
    fits = [name for name in names if name in known]
    for name in names:
        if name not in fits[:1]:
            made.drop(f"metric {name}", "a task has one metric, and this is not it")
    if fits:
        return known[fits[0]]
    metric = "exact_match" if using == "generate" else "accuracy"
    made.assume(f"`metric = {metric}`")
    return metric
