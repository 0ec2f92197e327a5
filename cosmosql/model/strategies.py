"""What answers, and how it is adapted: `model`, `retriever` and `strategy`."""

from __future__ import annotations

from pathlib import Path

from cosmosql.diagnostics.suggest import closest
from cosmosql.identity import COMMIT
from cosmosql.model.attributes import Alternatives
from cosmosql.model.blocks import Block
from cosmosql.model.options import option_value, own_facts, own_options
from cosmosql.model.program import Model, OptionValue, Retriever, Strategy
from cosmosql.model.report import Report

MODELLESS = "baseline"
"""The strategy that adapts no model."""

PLAIN = "prompt"
"""The strategy that asks a model as it is: the one that recorded answers can be had by."""


def model_is_sound(block: Block, report: Report) -> bool:
    """E0414 where code of a model on a hub would run and no commit pins which. A directory needs
    none: its code is part of the content that is locked."""
    identifier = block.flat.attributes.get("id")
    if block.values.get("trust_remote_code") is not True or identifier is None:
        return True
    directory = identifier.module.directory / Path(block.text("id")).expanduser()
    if directory.is_dir() or COMMIT.fullmatch(block.optional("revision") or ""):
        return True
    report.add(
        "E0414",
        "trust_remote_code without a pinned revision",
        block.written("trust_remote_code"),
        "this runs whatever code the hub serves on that day",
        notes=("a branch or a tag can be moved to other code, a commit cannot",),
        help='read the code, and name the commit that you read: `revision = "…"`, 40 hexadecimal '
        "digits",
    )
    return False


def model(block: Block) -> Model:
    assert block.extension is not None
    root, options = own_options(block, block.extension)
    return Model(
        name=block.name,
        doc=block.doc,
        span=block.span,
        using=block.using,
        options=options,
        root=root,
        local=block.extension.local,
        facts=own_facts(block, block.extension),
        price=block.optional("price"),
        places=block.places,
        recorded=block.extension.recorded,
        cost=None if options.get("costs") == "recorded" else block.quantity("cost"),
    )


def retriever(block: Block) -> Retriever:
    assert block.extension is not None
    return Retriever(
        name=block.name,
        doc=block.doc,
        span=block.span,
        using=block.using,
        options=own_options(block, block.extension)[1],
        corpus=block.text("corpus"),
    )


def strategy_is_sound(block: Block, report: Report) -> bool:
    """E0209 where a strategy that adapts a model names none; of a misspelled one E0203 tells."""
    if block.template or "model" in block.values or block.using == MODELLESS:
        return True
    if closest("model", [name for name in block.flat.attributes if name not in block.values]):
        return False
    report.add(
        "E0209",
        "an attribute is missing",
        block.span,
        "this strategy needs `model`",
        help="write `model = …`",
    )
    return False


def strategy(block: Block) -> Strategy:
    assert block.extension is not None
    sweeps: dict[str, tuple[OptionValue, ...]] = {}
    swept = [
        name for name in ("model", "retriever") if isinstance(block.values.get(name), Alternatives)
    ]
    for field in block.extension.options:
        value = block.values.get(field.name)
        if isinstance(value, Alternatives):
            swept.append(field.name)
            sweeps[field.name] = tuple(option_value(item) for item in value.values)
        elif value is not None:
            sweeps[field.name] = (option_value(value),)
    return Strategy(
        name=block.name,
        doc=block.doc,
        span=block.span,
        using=block.using,
        models=block.names("model"),
        retrievers=block.names("retriever"),
        hardware=block.optional("on"),
        sweeps=sweeps,
        swept=tuple(swept),
    )
