"""Arguments and options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DataForm(StrEnum):
    TEXT = "text"
    JSON = "json"


SpecPath = Annotated[Path, typer.Argument(metavar="SPEC", help="A .cosmos file.")]
PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan: NAME.plan.json.")]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle's directory.")]
QueryName = Annotated[
    str | None,
    typer.Option("--query", metavar="NAME", help="Which query, where the spec holds several."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PARAM=VALUE", help="Set a `param` of the spec; repeatable."),
]
Form = Annotated[DataForm, typer.Option("--format", help="What standard output carries.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random choice.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def settings_of(pairs: Sequence[str] | None) -> dict[str, str]:
    """The values of `--set`, by parameter. Raises typer.BadParameter (exit 2)."""
    settings: dict[str, str] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(
                f"`{pair}` is not PARAM=VALUE, such as `floor=80%`", param_hint="'--set'"
            )
        settings[name.strip()] = value.strip()
    return settings
