"""`cosmosql import FILE`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="SPEC",
    help="Write the spec, and the rows that FILE holds, instead of printing it.",
)
@options.quiet
@options.verbose
def command(file: Path, output: Path | None, quiet: bool, verbose: bool) -> int | None:
    """A spec from another tool's configuration: axolotl, promptfoo, lm-eval.

    The spec begins with what was assumed and what could not be carried over.

    \b
    Example:
      cosmosql import axolotl.yml
      cosmosql import promptfooconfig.yaml --output task.cosmos
    """
    from cosmosql.importers.draft import rows_text
    from cosmosql.importers.read import read
    from cosmosql.source import Source
    from cosmosql.syntax.format import format_source

    screen = Screen(quiet, verbose)
    made = read(file)
    text = format_source(Source(file.name, made.text()))
    if output is None:
        screen.data(text)
        if made.rows:
            screen.note(f"{len(made.rows)} rows stand in {file}: --output writes them, too")
    else:
        files = {output: text}
        if made.rows:
            files[output.parent / f"{file.stem}.rows.jsonl"] = rows_text(made.rows)
        for path in files:
            if os.path.lexists(path):  # a link that leads nowhere is there, too
                raise click.UsageError(f"{path} is there already; name another file")
        for path, content in files.items():
            _write(path, content)
            screen.data(f"{path}\n")
    screen.note(f"{len(made.assumed)} things assumed, {len(made.left)} not carried over")
    return None


def _write(path: Path, content: str) -> None:
    """Makes a file that is not there. Raises InputError E0111 where that cannot be."""
    from cosmosql.diagnostics.diagnostic import reject

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        reject(
            "E0111",
            "cannot write the file",
            notes=(f"`{path}`: {reason}",),
            help="name a file in a directory that is writable",
        )
