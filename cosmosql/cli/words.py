"""What a shell may offer for a word that is not finished yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

SPEC_SUFFIX = ".cosmos"


def spec_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The specs that the word may become; where it may become a directory, or there is no spec,
    every file as the shell itself completes them."""
    from click.shell_completion import CompletionItem

    directory, slash, start = incomplete.rpartition("/")
    place = Path(directory + slash or ".")
    found = [path for path in place.glob("*") if path.name.startswith(start)]
    names = sorted(path.name for path in found if path.suffix == SPEC_SUFFIX)
    if not names or any(path.is_dir() for path in found):
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(directory + slash + name) for name in names]


def error_codes(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The codes that start like the word, with the titles of their pages."""
    from click.shell_completion import CompletionItem

    from cosmosql.resources import resource

    return [
        CompletionItem(page.stem, help=_title(page))
        for page in sorted(resource("errors").glob("[EW][0-9]*.md"))
        if page.stem.startswith(incomplete.upper())
    ]


def _title(page: Path) -> str:
    with page.open(encoding="utf-8") as lines:
        return lines.readline().partition(": ")[2].strip()
