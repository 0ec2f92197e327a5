"""promptfoo's evaluation: its prompt becomes an input, its tests rows; its local models stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cosmosql.importers.draft import Code, Draft, Written, name_of, template, word
from cosmosql.importers.question import ON, STAND_IN, ask, place, stand_in

_CARRIED = {"prompts", "providers", "targets", "tests", "description", "defaultTest"}
_EQUAL = ("equals", "iequals")
_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_HUB = re.compile(r"huggingface:(?:text-generation|chat|chat-completion):(.+)")
_EXPECTED = "expected"
_NO_COUNTERPART = "it has no counterpart in a spec"
_OPTIONS = {
    "temperature": "the likeliest answer is taken here, as with 0",
    "max_new_tokens": "write `max_tokens` in the task",
    "max_tokens": "write `max_tokens` in the task",
}
_TEST_FILES = {".csv": "csv", ".jsonl": "jsonl"}


def recognises(document: Mapping[str, Any]) -> bool:
    """True where the keys are promptfoo's."""
    return "prompts" in document and ("providers" in document or "targets" in document)


def draft(document: Mapping[str, Any], path: Path) -> Draft:
    """A spec that asks the first prompt of every model that can run here."""
    made = Draft("promptfoo", path.name)
    place(made)
    data, target = _tests(document, made, path)
    task = made.block(
        "task",
        "answers",
        {
            "data": Code(data),
            "input": _prompt(document.get("prompts"), made),
            "target": word(target),
            "metric": Code("exact_match"),
        },
        using="generate",
    )
    strategies = [
        made.block("strategy", f"ask_{name}", {"model": Code(model), "on": ON}, using="prompt")
        for name, model in _models(document, made)
    ]
    ask(made, task, strategies, "exact_match")
    for key, value in document.items():
        if key not in _CARRIED and value not in (None, [], {}, False):
            made.drop(key, _NO_COUNTERPART)
    return made


def _prompt(prompts: object, made: Draft) -> str:
    listed = prompts if isinstance(prompts, list) else [prompts]
    for extra in listed[1:]:
        made.drop("prompts", f"a task has one input; write a second task for {_shown(extra)}")
    first = listed[0] if listed else None
    if isinstance(first, Mapping):
        first = first.get("raw")
    if isinstance(first, str) and not first.startswith("file://"):
        found = template(first)
        if found is not None and _REFERENCE.search(first):
            return found
    made.drop(
        "prompts", f"copy the text by hand, with `{{column}}` for a variable: {_shown(first)}"
    )
    made.assume("`input`: the column `input`")
    return "{input}"


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _models(document: Mapping[str, Any], made: Draft) -> list[tuple[str, str]]:
    listed = document.get("providers") or document.get("targets")
    found: list[tuple[str, str]] = []
    for entry in listed if isinstance(listed, list) else [listed]:
        name = entry.get("id") if isinstance(entry, Mapping) else entry
        match = _HUB.fullmatch(str(name))
        if match is None:
            made.drop(f"provider {_shown(name)}", "endpoints are not part of this version")
            continue
        own = name_of(match[1], "model")
        for option in _options(entry):
            made.drop(f"provider {_shown(name)}: {option}", _OPTIONS.get(option, _NO_COUNTERPART))
        if own not in dict(found):
            found.append((own, made.block("model", own, {"id": match[1]}, using="hf")))
    if found:
        return found
    return [(STAND_IN, stand_in(made, "no provider of the file runs here").text)]


def _options(provider: object) -> list[str]:
    config = provider.get("config") if isinstance(provider, Mapping) else None
    return [str(key) for key in config] if isinstance(config, Mapping) else []


def _tests(document: Mapping[str, Any], made: Draft, path: Path) -> tuple[str, str]:
    """The reference of the rows and the column of the right answer."""
    tests = document.get("tests")
    default = document.get("defaultTest")
    if isinstance(tests, str):
        return _test_file(tests, made)
    common = _asserts(default) if isinstance(default, Mapping) else []
    _drop_others("defaultTest", common, made)
    target = _EXPECTED
    for index, test in enumerate(tests if isinstance(tests, list) else [], start=1):
        if not isinstance(test, Mapping) or not isinstance(test.get("vars"), Mapping):
            made.drop(f"tests, entry {index}", "it has no `vars`")
            continue
        row = {str(key): value for key, value in test["vars"].items()}
        own = _asserts(test)
        _drop_others(f"tests, entry {index}", own, made)
        answers = [item.get("value") for item in (*own, *common) if item.get("type") in _EQUAL]
        if not answers:
            continue
        reference = _REFERENCE.fullmatch(str(answers[0]).strip())
        if reference is not None:
            target = reference[1]
        else:
            row[_EXPECTED] = answers[0]
        made.rows.append(row)
    if not made.rows:
        made.assume('`source = "rows.jsonl"`: no test of the file says the right answer')
    attributes: dict[str, Written | None] = {
        "source": f"{path.stem}.rows.jsonl" if made.rows else "rows.jsonl"
    }
    return made.block("dataset", "rows", attributes, using="jsonl"), target


def _test_file(tests: str, made: Draft) -> tuple[str, str]:
    file = tests.removeprefix("file://")
    using = _TEST_FILES.get(Path(file).suffix)
    if using is None:
        made.drop("tests", f"rows come from CSV or JSON lines: convert {_shown(tests)}")
        using, file = "jsonl", "rows.jsonl"
    return made.block("dataset", "rows", {"source": file}, using=using), "__expected"


def _drop_others(where: str, asserts: Sequence[Mapping[str, Any]], made: Draft) -> None:
    for item in asserts:
        if item.get("type") not in _EQUAL:
            made.drop(f"{where}: {item.get('type')}", "only `equals` says the right answer")


def _asserts(test: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = test.get("assert")
    entries = listed if isinstance(listed, list) else []
    return [entry for entry in entries if isinstance(entry, Mapping)]
