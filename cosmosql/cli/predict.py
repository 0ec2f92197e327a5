"""`cosmosql predict BUNDLE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen
from cosmosql.diagnostics.diagnostic import reject

SHOWN = 60


@click.command()
@options.bundle
@options.quiet
@options.verbose
def command(bundle: Path, quiet: bool, verbose: bool) -> int | None:
    """Answer rows: one JSON object a line in, one a line out, with who answered and how surely.

    \b
    Example:
      cosmosql predict examples/quickstart.bundle < rows.jsonl
    """
    if sys.stdin.isatty():
        raise click.BadParameter("give rows on standard input: `< rows.jsonl`")
    from cosmosql.apply.answer import predict as answers

    screen = Screen(quiet, verbose)
    count = 0
    for result in answers(bundle, _rows()):
        screen.data(json.dumps(result, ensure_ascii=False) + "\n")
        count += 1
    screen.detail(f"{count} rows answered")
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
