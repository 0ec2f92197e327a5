"""Arguments and options that several commands share, so that they mean the same everywhere.

Each is a decorator and gives the command a value of its own name; `form_of` gives `form`.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosmosql.cli.words import spec_files

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class DataForm(StrEnum):
    TEXT = "text"
    JSON = "json"


class OneOf(click.Choice[StrEnum]):
    """A value of an enumeration, written as its text is."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        return str(choice)


def form_of(forms: type[StrEnum]) -> Callable[[Decorated], Decorated]:
    """`--format`, the first of the forms unless given."""
    return click.option(
        "--format",
        "form",
        type=OneOf(forms),
        default=str(next(iter(forms))),
        show_default=True,
        help="What standard output carries.",
    )


def settings_of(pairs: Sequence[str]) -> dict[str, str]:
    """The values of `--set`, by parameter. Raises click.BadParameter (exit 2)."""
    settings: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"`{pair}` is not PARAM=VALUE, such as `floor=80%`")
        settings[name.strip()] = value.strip()
    return settings


PATH = click.Path(path_type=Path)
ALLOW = "COSMOSQL_ALLOW"
"""Environment variable: trees that specs may read, as in PATH."""

spec = click.argument(
    "spec", type=PATH, metavar="SPEC", shell_complete=spec_files, help="A .cosmos file."
)
specs = click.argument(
    "specs",
    type=PATH,
    metavar="SPEC...",
    nargs=-1,
    required=True,
    shell_complete=spec_files,
    help="Spec files, or directories that hold some.",
)
plan = click.argument("plan", type=PATH, metavar="PLAN", help="A plan: NAME.plan.json.")
bundle = click.argument("bundle", type=PATH, metavar="BUNDLE", help="A bundle's directory.")
query = click.option("--query", metavar="NAME", help="Which query, where the spec holds several.")
PARAMS = "cosmosql.params"


def _files(context: click.Context, _option: click.Parameter, files: Sequence[Path]) -> None:
    if not files:
        return
    from cosmosql.model.settings import read_params

    context.meta[PARAMS] = read_params(files)
    if "settings" in context.params:  # `--set` stood first: it wins all the same
        context.params["settings"] = {**context.meta[PARAMS], **context.params["settings"]}


def _pairs(context: click.Context, _option: click.Parameter, pairs: Sequence[str]) -> Settings:
    return {**context.meta.get(PARAMS, {}), **settings_of(pairs)}


def settings(command: Decorated) -> Decorated:
    """`--params` and `--set`: the value `settings`, in which `--set` wins over any file and a
    later file over an earlier one. Raises InputError where a file is wrong."""
    for option in (
        click.option(
            "--set",
            "settings",
            metavar="PARAM=VALUE",
            multiple=True,
            is_eager=True,
            callback=_pairs,
            help="Set a `param` of the spec; repeatable.",
        ),
        click.option(
            "--params",
            type=PATH,
            metavar="FILE",
            multiple=True,
            is_eager=True,
            expose_value=False,
            callback=_files,
            help="Set the `param`s that FILE holds as lines `param NAME = VALUE`; repeatable.",
        ),
    ):
        command = option(command)
    return command


def trusted_of(directories: Sequence[Path], settings: Settings) -> Trusted:
    """What the user names: the trees of `--allow` and of the environment variable COSMOSQL_ALLOW,
    and the paths among the values of `--set`."""
    from cosmosql.model.boundary import Trusted

    listed = os.environ.get(ALLOW, "").split(os.pathsep)
    return Trusted.of(
        [*directories, *(Path(name) for name in listed if name)],
        named=[value.strip('"') for value in settings.values() if isinstance(value, str)],
    )


trusted = click.option(
    "--allow",
    "trusted",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    multiple=True,
    callback=lambda context, _option, directories: trusted_of(
        directories, context.params.get("settings", {})
    ),
    help=f"Let the spec read below DIR as well; repeatable (or {ALLOW}=DIR:DIR).",
)
today = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    callback=lambda _context, _option, given: (given or datetime.datetime.now()).date(),
    help="Tell the age of prices as of DATE, such as 2026-01-31; left out: as of now.",
)
form = form_of(DataForm)
seed = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of every random choice.",
)
quiet = click.option("--quiet", "-q", is_flag=True, help="Results and errors only.")
verbose = click.option("--verbose", "-v", is_flag=True, help="Say more.")
