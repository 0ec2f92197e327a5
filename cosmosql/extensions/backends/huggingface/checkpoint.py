"""Where a checkpoint is, what is in it, and its identity. Nothing here reads a weight."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn

from safetensors import SafetensorError, safe_open

from cosmosql.diagnostics.diagnostic import reject
from cosmosql.identity import COMMIT, digest, file_digest
from cosmosql.schema.registry import missing_package

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
VOCABULARY_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
)
TOKENIZER_FILES = (
    *VOCABULARY_FILES,
    "added_tokens.json",
    "chat_template.jinja",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer_config.json",
)
PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The options of `model … using hf`, as its extension declares them."""

    id: str
    revision: str | None
    dtype: str
    template: bool
    context: int | None
    trusted: bool
    """Code that comes with the checkpoint may run."""

    @classmethod
    def of(cls, options: Mapping[str, object]) -> ModelOptions:
        revision, context = options.get("revision"), options.get("context")
        return cls(
            id=str(options["id"]),
            revision=None if revision is None else str(revision),
            dtype=str(options.get("dtype") or "auto"),
            template=options.get("template") != "none",
            context=None if context is None else int(str(context)),
            trusted=options.get("trust_remote_code") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A directory with everything a model needs. `weights` are its safetensors files, sorted."""

    name: str
    """The id as the spec writes it."""
    directory: Path
    revision: str | None
    """The commit of a model from the hub."""
    weights: tuple[Path, ...]
    code: tuple[Path, ...] = ()
    """The Python files of one that is trusted, sorted."""


def locate(options: ModelOptions, root: Path) -> Checkpoint:
    """The checkpoint that an id names, with its files present.

    An id that names a directory below `root` is that directory; any other one is asked of the
    hub's cache and then of the hub. Raises InputError E0530 to E0533, E0535 and E0537.
    """
    directory = root / Path(options.id).expanduser()
    revision = None
    if not directory.is_dir():
        directory = _from_hub(options)
        revision = directory.name
    _require_config(directory, options.id)
    _require_vocabulary(directory, options.id)
    return Checkpoint(
        name=options.id,
        directory=directory,
        revision=revision,
        weights=_weight_files(directory, options.id),
        code=_code_files(directory, options.id) if options.trusted else (),
    )


def _code_files(directory: Path, name: str) -> tuple[Path, ...]:
    """The Python files of a checkpoint. Raises InputError E0534 where it names code elsewhere,
    which nothing would pin."""
    for file in (CONFIG_FILE, "tokenizer_config.json"):
        if (directory / file).is_file():
            named = json.dumps(read_json(directory / file, name).get("auto_map"))
            if "--" in named:
                reject_architecture(name, f"{file} names code of another repository: {named[:100]}")
    return tuple(sorted(directory.glob("*.py")))


def _from_hub(options: ModelOptions) -> Path:
    if options.trusted and not COMMIT.fullmatch(options.revision or ""):
        # A bundle names a model too, and nobody has bound what it says.
        reject(
            "E0414",
            "trust_remote_code without a pinned revision",
            notes=(f"`{options.id}` would run whatever code the hub serves on that day",),
            help='name the commit whose code you have read: `revision = "…"`',
        )
    if not HUB_ID.fullmatch(options.id):
        reject(
            "E0530",
            "model directory not found",
            notes=(f"there is no directory `{options.id}`",),
            help="write a path relative to the file that declares the model, or the id of a "
            "model on the hub, such as `Qwen/Qwen2.5-0.5B`",
        )
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )
    except ImportError as error:
        raise missing_package("huggingface_hub", extra="hf") from error
    try:
        return Path(
            snapshot_download(
                options.id,
                revision=options.revision,
                allow_patterns=[*PATTERNS, *(("*.py",) if options.trusted else ())],
                ignore_patterns=["*/*"],
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        # A model that does not exist, one that asks for consent and an unreachable hub differ
        # only in the hub's own words, so these are shown.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        pinned = f" --revision {options.revision}" if options.revision else ""
        reject(
            "E0533",
            "cannot fetch a model from the hub",
            notes=(f"there is no directory `{options.id}`, and the hub says: {reason}",),
            help="check the id and the network (or HF_HUB_OFFLINE, HF_TOKEN), or download it "
            f"where there is one (`hf download {options.id}{pinned}`) and give the directory",
        )


def _require_config(directory: Path, name: str) -> None:
    if not (directory / CONFIG_FILE).is_file():
        reject(
            "E0532",
            "configuration or weights are missing",
            notes=(f"`{name}` has no {CONFIG_FILE}",),
            help="give the directory that `save_pretrained` wrote, not one above or below it",
        )


def _require_vocabulary(directory: Path, name: str) -> None:
    if not any((directory / file).is_file() for file in VOCABULARY_FILES):
        reject(
            "E0531",
            "no tokenizer in a model directory",
            notes=(f"`{name}` has none of {', '.join(VOCABULARY_FILES)}",),
            help="save the tokenizer beside the model: `tokenizer.save_pretrained(directory)`",
        )


def _weight_files(directory: Path, name: str) -> tuple[Path, ...]:
    index = directory / INDEX_FILE
    if index.is_file():
        files = tuple(directory / file for file in _shards(read_json(index, name), name))
    else:
        files = (directory / WEIGHTS_FILE,)
    missing = [file.name for file in files if not file.is_file()]
    if not missing and files:
        return files
    pickled = sorted(file.name for file in directory.glob("*.bin"))
    if pickled:
        reject(
            "E0537",
            "weights are not in safetensors format",
            notes=(
                f"`{name}` has {', '.join(pickled)}; reading a pickle can run any code, so only "
                "safetensors files are read",
            ),
            help="load it once where you trust it and write it again: "
            "`model.save_pretrained(directory, safe_serialization=True)`",
        )
    reject(
        "E0532",
        "configuration or weights are missing",
        notes=(f"`{name}` has no {', '.join(missing) or 'weights in its index'}",),
        help=f"expected {WEIGHTS_FILE}, or {INDEX_FILE} with the files that it names",
    )


def _shards(index: Mapping[str, Any], name: str) -> list[str]:
    """The files of an index, sorted; all of them stand beside it."""
    placed = index.get("weight_map")
    if not isinstance(placed, dict):
        reject_damage(name, f"{INDEX_FILE} has no object `weight_map`")
    files = sorted({str(file) for file in placed.values()})
    outside = [file for file in files if Path(file).name != file]
    if outside:
        reject_damage(name, f"{INDEX_FILE} names a file outside the directory: {outside[0]}")
    return files


def read_json(file: Path, name: str) -> dict[str, Any]:
    """The object in a file of a checkpoint; raises InputError E0535."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reject_damage(name, f"{file.name} is not JSON: {error}")
    if not isinstance(value, dict):
        reject_damage(name, f"{file.name} is not a JSON object")
    return value


def reject_damage(name: str, reason: str) -> NoReturn:
    """Raises InputError E0535."""
    reject(
        "E0535",
        "model files are damaged",
        notes=(f"`{name}`: {reason}",),
        help="copy or download the model again",
    )


def parameter_count(checkpoint: Checkpoint) -> int:
    """Numbers stored in the weight files, read from their headers; tied weights count once.

    Raises InputError E0535 where a file is cut off or is no safetensors file.
    """
    total = 0
    for file in checkpoint.weights:
        try:
            with safe_open(file, framework="np") as tensors:
                for key in tensors.keys():  # noqa: SIM118 - this is no dict
                    total += prod(tensors.get_slice(key).get_shape())
        except (SafetensorError, OSError, ValueError) as error:
            reject_damage(checkpoint.name, f"{file.name}: {error}")
    return total


def weights_digest(checkpoint: Checkpoint) -> str:
    """SHA-256 over the names and digests of the configuration and the weight files; of code too
    where it is trusted."""
    files = (checkpoint.directory / CONFIG_FILE, *checkpoint.weights, *checkpoint.code)
    return digest({file.name: file_digest(file) for file in files})


def tokenizer_digest(checkpoint: Checkpoint) -> str:
    """SHA-256 over the names and digests of the tokenizer's files."""
    files = (checkpoint.directory / name for name in sorted(TOKENIZER_FILES))
    return digest({file.name: file_digest(file) for file in files if file.is_file()})


def reject_architecture(name: str, reason: str) -> NoReturn:
    """Raises InputError E0534."""
    reject(
        "E0534",
        "not a causal language model",
        notes=(f"`{name}`: {reason}",),
        help="use a model that transformers loads with AutoModelForCausalLM, such as a "
        "LlamaForCausalLM or a GPT2LMHeadModel, or a newer transformers; code that comes with a "
        "checkpoint is run where `trust_remote_code = true` says so",
    )


def written_template(checkpoint: Checkpoint) -> object:
    """The chat template as the files have it, None where they have none: no code is run."""
    alone = checkpoint.directory / "chat_template.jinja"
    if alone.is_file():
        return alone.read_text(encoding="utf-8")
    described = checkpoint.directory / "tokenizer_config.json"
    content = read_json(described, checkpoint.name) if described.is_file() else {}
    return content.get("chat_template")
