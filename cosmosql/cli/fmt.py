"""`cosmosql fmt SPEC…`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.collector import search_rarely
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.screen import Screen
from cosmosql.cli.tree import specs_below
from cosmosql.cli.words import SPEC_SUFFIX, spec_files

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted
    from cosmosql.source import Source

STDIN = Path("-")


@click.command()
@click.argument(
    "specs",
    type=options.PATH,
    metavar="SPEC...",
    nargs=-1,
    required=True,
    shell_complete=spec_files,
    help="Spec files, directories that hold some, or `-`.",
)
@click.option("--check", is_flag=True, help="Write nothing; list what would change, then exit 1.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change as a diff.")
@options.trusted
@options.quiet
@options.verbose
def command(
    specs: tuple[Path, ...],
    check: bool,
    diff: bool,
    trusted: Trusted,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Rewrite specs in their one canonical form, comments kept; or tell what would change.

    `-` filters standard input. A file with syntax errors is left as it is. In a directory every
    .cosmos file is taken but those that are hidden or links.

    \b
    Example:
      cosmosql fmt tickets.cosmos
      cosmosql fmt --check --diff .
      cosmosql fmt - < tickets.cosmos
    """
    search_rarely()
    from cosmosql.cli.findings import print_findings
    from cosmosql.diagnostics.diagnostic import InputError
    from cosmosql.diagnostics.render.text import visible_name

    if STDIN in specs and len(specs) > 1:
        raise click.UsageError("`-` stands alone: standard input is one file")
    screen = Screen(quiet, verbose)
    changed = unchanged = failed = 0
    for path in specs_below(specs):
        try:
            before, after = _formatted(path, trusted)
            if path == STDIN and not (check or diff):
                _write_bytes(after)
            elif before == after:
                unchanged += 1
                screen.detail(f"{visible_name(path)}: unchanged")
            else:
                changed += 1
                _change(screen, path, before, after, check=check, diff=diff)
        except InputError as error:
            failed += 1
            print_findings(error.diagnostics)
    if changed or unchanged or failed:
        screen.note(_summary(changed, unchanged, failed, would=check or diff))
    elif STDIN not in specs:
        screen.note(f"no {SPEC_SUFFIX} file there")
    return ExitCode.WRONG_INPUT if failed or (check and changed) else ExitCode.DONE


def _formatted(path: Path, trusted: Trusted) -> tuple[bytes, bytes]:
    """A file's bytes and those of its canonical form. Raises InputError where it has none."""
    from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
    from cosmosql.model.boundary import Boundary, outside_itself
    from cosmosql.syntax.format import format_source
    from cosmosql.syntax.parse import MAXIMUM_BYTES, decode, decode_bytes

    if path == STDIN:
        before = sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
        source: Source | Diagnostic = decode_bytes(before, "<stdin>")
    elif Boundary.around(path, trusted).holds(path):
        source = decode(path)
    else:
        source = outside_itself(path)
    if isinstance(source, Diagnostic):
        raise InputError([source])
    after = format_source(source).encode()
    return before if path == STDIN else path.read_bytes(), after


def _change(
    screen: Screen, path: Path, before: bytes, after: bytes, *, check: bool, diff: bool
) -> None:
    from cosmosql.diagnostics.render.text import visible_name

    name = "<stdin>" if path == STDIN else visible_name(path)
    if diff:
        from cosmosql.cli.difference import difference

        screen.data(difference(name, before, after))
    elif check:
        screen.data(f"{name}\n")
    else:
        from cosmosql.cli.rewrite import rewrite

        rewrite(path, before, after)
        screen.note(f"{name}: formatted")


def _write_bytes(content: bytes) -> None:
    """To standard output as UTF-8, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _summary(changed: int, unchanged: int, failed: int, *, would: bool) -> str:
    noun = "file" if changed == 1 else "files"
    verb = "would change" if would else "formatted"
    parts = [f"{changed} {noun} {verb}", f"{unchanged} unchanged"]
    if failed:
        parts.append(f"{failed} with errors")
    return ", ".join(parts)
