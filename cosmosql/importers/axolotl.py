"""axolotl's training configuration: its model, its rows and its adapter become a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmosql.importers.draft import (
    Code,
    Draft,
    Written,
    count,
    decimal,
    name_of,
    number,
    percent,
    word,
)
from cosmosql.importers.question import ON, ask, place

_FILES = {"json": "jsonl", "csv": "csv", "parquet": "parquet"}
_ALPACA = {"field_instruction": "instruction", "field_input": "input", "field_output": "output"}

_CARRIED = {
    "base_model",
    "revision_of_model",
    "adapter",
    "datasets",
    "val_set_size",
    "sequence_len",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "lora_target_linear",
    "num_epochs",
    "learning_rate",
    "micro_batch_size",
    "gradient_accumulation_steps",
    "load_in_4bit",
    "bf16",
    "fp16",
}
_WHY = {
    "load_in_8bit": "weights are loaded in `dtype`, or in 4 bits where `qlora` trains them",
    "lora_target_modules": "adapters stand on all linear layers here",
    "optimizer": "training uses AdamW here",
    "lr_scheduler": "the rate rises over a tenth of the steps and falls linearly here",
    "weight_decay": "not an option here",
    "warmup_steps": "the rate rises over a tenth of the steps here",
    "warmup_ratio": "the rate rises over a tenth of the steps here",
    "rl": "preference training has no counterpart here",
    "seed": "give it to the command: `cosmosql run --seed`",
    "chat_template": "the tokenizer's own chat template is used here",
    "trust_remote_code": "code that comes with a model stays off; switch it on by hand",
}
_OTHERWISE = "how a run is carried out, logged or saved is not said in a spec"


def recognises(document: Mapping[str, Any]) -> bool:
    """True where the keys are axolotl's."""
    return "base_model" in document and "datasets" in document


def draft(document: Mapping[str, Any], path: Path) -> Draft:
    """A spec that compares the configured fine-tuning with asking the same model as it is."""
    made = Draft("axolotl", path.name)
    place(made)
    dataset, target, template = _dataset(document, made)
    task = made.block(
        "task",
        "answers",
        {"data": Code(dataset), "input": template, "target": target, "metric": Code("token_f1")},
        using="generate",
    )
    made.assume("`metric = token_f1`: axolotl trains on a loss and names no metric")
    model = _model(document, made)
    strategies = [
        made.block(
            "strategy",
            "zero_shot",
            {"model": Code(model), "on": ON},
            using="prompt",
        )
    ]
    tuned = _tuned(document, made, model)
    if tuned is not None:
        strategies.append(tuned)
    ask(made, task, strategies, "token_f1")
    for key, value in document.items():
        if key not in _CARRIED and value not in (None, False, [], {}, ""):
            made.drop(key, _WHY.get(key, _OTHERWISE))
    return made


def _model(document: Mapping[str, Any], made: Draft) -> str:
    hub = str(document["base_model"])
    revision = document.get("revision_of_model")
    dtype = next((name for key, name in _DTYPES.items() if document.get(key) is True), None)
    attributes: dict[str, Written | None] = {
        "id": hub,
        "revision": None if revision is None else str(revision),
        "dtype": Code(dtype) if dtype else None,
        "context": count(document.get("sequence_len")),
    }
    return made.block("model", name_of(hub, "model"), attributes, using="hf")


_DTYPES = {"bf16": "bfloat16", "fp16": "float16"}


def _tuned(document: Mapping[str, Any], made: Draft, model: str) -> str | None:
    adapter = document.get("adapter")
    if adapter not in ("lora", "qlora"):
        made.drop("adapter", "only LoRA and QLoRA are strategies here, not full fine-tuning")
        return None
    batch = number(document.get("micro_batch_size", 1))
    steps = number(document.get("gradient_accumulation_steps", 1))
    attributes: dict[str, Written | None] = {
        "model": Code(model),
        "rank": count(document.get("lora_r")),
        "alpha": count(document.get("lora_alpha")),
        "dropout": percent(document.get("lora_dropout")),
        "epochs": decimal(document.get("num_epochs")),
        "learning_rate": decimal(document.get("learning_rate")),
        "batch_size": count(batch * steps) if batch and steps else None,
        "on": ON,
    }
    return made.block("strategy", "tuned", attributes, using=str(adapter))


def _dataset(document: Mapping[str, Any], made: Draft) -> tuple[str, Written, str]:
    """The reference of the rows, the target's column and the input's template."""
    listed = document["datasets"] if isinstance(document["datasets"], list) else []
    entries = [entry for entry in listed if isinstance(entry, Mapping)]
    for extra in entries[1:]:
        made.drop(f"datasets: {extra.get('path')}", "a task reads one dataset; mix the files")
    entry = entries[0] if entries else {}
    source = str(entry.get("path", "rows.jsonl"))
    if not entries:
        made.assume('`source = "rows.jsonl"`: the configuration names no dataset')
    kind = _FILES.get(str(entry.get("ds_type", "")))
    if kind is None and Path(source).suffix in (".json", ".jsonl"):
        kind = "jsonl"
    files = entry.get("data_files")
    if kind is not None and files:
        source = str(files[0] if isinstance(files, list) else files)
    using = kind or "hf"
    hub = using == "hf"
    name, revision = entry.get("name"), entry.get("revision")
    attributes: dict[str, Written | None] = {
        "source": source,
        "config": str(name) if hub and name else None,
        "revision": str(revision) if hub and revision else None,
        "split": str(entry.get("split") or "train") if hub else None,
    }
    share = percent(document.get("val_set_size"))
    roles: dict[str, Written] = {"validation": share} if share and share.text != "0%" else {}
    dataset = made.block(
        "dataset", "rows", attributes, using=using, sections={"roles": roles} if roles else None
    )
    target, template = _columns(entry, made)
    return dataset, target, template


def _columns(entry: Mapping[str, Any], made: Draft) -> tuple[Written, str]:
    kind = entry.get("type")
    fields = kind if isinstance(kind, Mapping) else entry
    if isinstance(kind, Mapping) or (isinstance(kind, str) and kind.startswith("alpaca")):
        names = {key: str(fields.get(key) or default) for key, default in _ALPACA.items()}
        shown = [names["field_instruction"]]
        if not isinstance(kind, Mapping) or fields.get("field_input"):
            shown.append(names["field_input"])
        if fields.get("format"):
            made.drop("format", "`input` shows the columns; the model's chat template stays")
        return word(names["field_output"]), "\n".join(f"{{{name}}}" for name in shown)
    made.drop(f"type: {kind}", "conversations are no columns: name the question and the answer")
    made.assume("`input` and `target`: the columns `question` and `answer`")
    return Code("answer"), "{question}"
