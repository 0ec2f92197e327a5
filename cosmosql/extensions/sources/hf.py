"""`dataset … using hf`: a Hugging Face dataset by hub id or as a local directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmosql.contracts.source import Part
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.sources.cells import plain_row
from cosmosql.extensions.sources.files import ROLES
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.schema.registry import missing_package
from cosmosql.source import Span

EXTENSION = Extension(
    kind="dataset",
    name="hf",
    doc="A Hugging Face dataset: a hub id, a directory of data files, or one that "
    "`save_to_disk` wrote. Class labels become their names; no code of a dataset is run.",
    options=(
        Field(
            name="source",
            type=FieldType.PATH,
            hub=True,
            doc='Hub id (`"fancyzhx/ag_news"`) or a directory relative to this spec (`"./data"`).',
            required=True,
        ),
        Field(
            name="config", type=FieldType.TEXT, doc="Configuration of the dataset, if it has any."
        ),
        Field(name="revision", type=FieldType.TEXT, doc="Commit, tag or branch on the hub."),
        Field(
            name="split",
            type=FieldType.TEXT,
            doc="Split whose rows follow `roles`; left out with no role named: `train`.",
        ),
        *(
            Field(name=role, type=FieldType.TEXT, doc=f"Split that holds the `{role}` rows.")
            for role in ROLES
        ),
    ),
    implementation="cosmosql.extensions.sources.hf:HUGGING_FACE",
    extra="hf",
)

_ELSEWHERE = ("://", "::", "..", "'/", '"/', "'~", '"~')
"""What the text of a path or pattern that leads out of its directory holds."""
_LONGEST_CARD = 1_000_000
_SHOWN = 100

_BINARY = ("Image", "Audio", "Video", "Pdf")


class HuggingFace:
    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """E0502 without `datasets`, E0516 where it cannot be had, split names included."""
        parts = []
        for role, split in _splits(options):
            table = _table(options, split, root=root, span=span)
            source = str(options["source"])
            parts.append(Part(rows=_rows(table), role=role, origin=f"{source}/{split}"))
        return tuple(parts)

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        directory = root / str(options["source"])
        if not directory.is_dir():
            return ()
        return tuple(sorted(path for path in directory.rglob("*") if path.is_file()))

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        return not (root / str(options["source"])).is_dir()


def _splits(options: Mapping[str, object]) -> list[tuple[str | None, str]]:
    named: list[tuple[str | None, str]] = [
        (role, str(options[role])) for role in ROLES if options.get(role)
    ]
    if options.get("split") or not named:
        named.insert(0, (None, str(options.get("split") or "train")))
    return named


def _table(options: Mapping[str, object], split: str, *, root: Path, span: Span) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise missing_package("datasets", extra="hf", span=span) from error
    source = str(options["source"])
    directory = root / source
    try:
        if (directory / "dataset_dict.json").is_file() or (directory / "state.json").is_file():
            saved = datasets.load_from_disk(str(directory))
            if isinstance(saved, datasets.DatasetDict):
                return saved[split]
            return saved
        if directory.is_dir():
            _require_own_files(directory)
            # Streaming reads the files where they are: no copy in a cache.
            return datasets.load_dataset(
                str(directory), options.get("config"), split=split, streaming=True
            )
        return datasets.load_dataset(
            source, options.get("config"), split=split, revision=options.get("revision")
        )
    except Exception as error:  # the library raises its own, the hub client's and the server's
        reject(
            "E0516",
            "cannot load the dataset",
            span=span,
            label=f"split `{split}` of {source} could not be loaded",
            notes=(f"{type(error).__name__}: {_first_line(error)}",),
            help="check the id, the split and the network; `HF_HUB_OFFLINE=1` uses the local cache",
        )


def _require_own_files(directory: Path) -> None:
    """Raises ValueError where a directory's card names files that do not lie in the directory:
    elsewhere on this machine or on others. The library would read those, and fetch these."""
    import yaml

    card, own = directory / "README.md", directory / ".huggingface.yaml"
    heads = []
    if card.is_file():
        heads.append(_beginning(card).partition("\n---")[0].removeprefix("---"))
    if own.is_file():
        heads.append(_beginning(own))
    for head in heads:
        named = yaml.safe_load(head)
        configs = named.get("configs") if isinstance(named, dict) else None
        for config in configs if isinstance(configs, list) else []:
            for key in ("data_files", "data_dir"):
                written = repr(config.get(key)) if isinstance(config, dict) else ""
                if any(mark in written for mark in _ELSEWHERE):
                    raise ValueError(f"its card names files elsewhere: {written[:_SHOWN]}")


def _beginning(path: Path) -> str:
    """The text of a card; raises ValueError where it is none that people write."""
    with path.open(encoding="utf-8") as file:
        text = file.read(_LONGEST_CARD + 1)
    if len(text) > _LONGEST_CARD or "&" in text.partition("\n---")[0]:
        raise ValueError("its card is too long, or repeats parts of itself by reference")
    return text


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def _rows(table: Any) -> tuple[Mapping[str, object], ...]:
    from datasets import ClassLabel

    binary = [name for name, feature in table.features.items() if type(feature).__name__ in _BINARY]
    table = table.remove_columns(binary)
    labels = {
        name: feature for name, feature in table.features.items() if isinstance(feature, ClassLabel)
    }
    rows = []
    for row in table.with_format(None):
        cells = plain_row(row)
        for name, feature in labels.items():
            index = cells[name]
            known = isinstance(index, int) and index >= 0
            cells[name] = feature.int2str(index) if known else None
        rows.append(cells)
    return tuple(rows)


HUGGING_FACE = HuggingFace()
