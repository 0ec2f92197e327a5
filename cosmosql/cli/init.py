"""`cosmosql init [DIR]`."""

from __future__ import annotations

from pathlib import Path

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen
from cosmosql.diagnostics.diagnostic import reject

STARTER = Path(__file__).parent / "starter"
SPEC = "task.cosmos"
FILES = (".cosmos", ".jsonl")


@click.command()
@click.argument(
    "directory", type=options.PATH, metavar="[DIR]", default=Path(), help="Where to write."
)
@options.quiet
@options.verbose
def command(directory: Path, quiet: bool, verbose: bool) -> int | None:
    """A starter spec with data that runs as it is, on the small models that come along.

    \b
    Example:
      cosmosql init my-task
      cosmosql run my-task/task.cosmos
    """
    from cosmosql.artifact.storage import write_bytes

    names = sorted(
        str(path.relative_to(STARTER)) for path in STARTER.rglob("*") if path.suffix in FILES
    )
    taken = [name for name in names if (directory / name).exists()]
    if taken:
        reject(
            "E0807",
            "a starter would overwrite a file",
            notes=tuple(f"{directory / name} is there already" for name in taken),
            help="name a directory that holds no spec yet: `cosmosql init DIR`",
        )
    screen = Screen(quiet, verbose)
    for name in names:
        target = directory / name
        _make_directory(target.parent)
        write_bytes(target, (STARTER / name).read_bytes())
        screen.detail(f"wrote {target}")
    screen.note(f"wrote {', '.join(names)} in {directory}")
    screen.note(f"next: cosmosql run {directory / SPEC}")
    return None


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reject(
            "E0804",
            "cannot write an artifact",
            notes=(f"{directory}: {error.strerror or error}",),
            help="choose a directory that you may write to",
        )
