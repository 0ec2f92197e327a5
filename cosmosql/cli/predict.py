"""`cosmosql predict BUNDLE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click

from cosmosql.cli import options
from cosmosql.cli.findings import print_findings
from cosmosql.cli.screen import Screen
from cosmosql.diagnostics.diagnostic import Diagnostic, reject

SHOWN = 60


@click.command()
@options.bundle
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to FILE how often each member was asked and answered, and whether rows drifted.",
    metavar="FILE",
)
@options.quiet
@options.verbose
def command(bundle: Path, summary: Path | None, quiet: bool, verbose: bool) -> int | None:
    """Answer rows: one JSON object a line in, one a line out, with who answered and how surely.

    Warns (W0813) where the rows are unlike those that the bundle was made with.

    \b
    Example:
      cosmosql predict examples/quickstart.bundle < rows.jsonl
    """
    if sys.stdin.isatty():
        raise click.BadParameter("give rows on standard input: `< rows.jsonl`")
    from cosmosql.apply.answer import predict as answers
    from cosmosql.apply.drift import Watch
    from cosmosql.artifact.storage import document_bytes, write_bytes

    screen = Screen(quiet, verbose)
    watch = Watch.of(bundle)

    def warn(finding: Diagnostic) -> None:
        print_findings([finding])

    for result in answers(bundle, _rows(), watch=watch, warn=warn):
        screen.data(json.dumps(result, ensure_ascii=False) + "\n")
    if summary is not None:
        write_bytes(summary, document_bytes(watch.summary))
    screen.detail(f"{watch.summary.rows} rows answered")
    return None


def _rows() -> Iterator[dict[str, object]]:
    """The rows of standard input. Raises InputError (E0806) at the first that is none."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_number)
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            _not_a_row(number, "half of a surrogate pair is no letter")
        except (ValueError, RecursionError) as error:
            _not_a_row(number, f"not JSON: {error}")
        if not isinstance(row, dict):
            _not_a_row(number, f"not an object: {line.decode(errors='replace').strip()[:SHOWN]}")
        yield row


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _not_a_row(number: int, problem: str) -> NoReturn:
    reject(
        "E0806",
        "a row to answer is not a JSON object",
        notes=(f"standard input, line {number}: {problem}",),
        help='write one object a line, such as {"text": "where is my parcel"}',
    )
