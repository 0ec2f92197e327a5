"""`cosmosql check SPEC…`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.collector import search_rarely
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.findings import FindingsForm, anchored, print_findings, rendered
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen
from cosmosql.cli.tree import specs_below
from cosmosql.cli.words import SPEC_SUFFIX

if TYPE_CHECKING:
    import datetime

    from cosmosql.data.looked import Looks
    from cosmosql.diagnostics.diagnostic import Diagnostic, Silenced
    from cosmosql.mend import Rewritten
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings


@click.command()
@options.specs
@options.form_of(FindingsForm)
@options.settings
@options.trusted
@click.option("--strict", is_flag=True, help="Let warnings end in exit code 1 as well.")
@click.option("--fix", is_flag=True, help="Write the fixes that are known into the specs.")
@click.option("--diff", is_flag=True, help="With --fix: write nothing, print what would change.")
@click.option(
    "--cache",
    type=options.PATH,
    metavar="DIR",
    help="Remember in DIR which rows were looked at and right; skip them until they change.",
)
@options.today
@options.quiet
@options.verbose
def command(
    specs: tuple[Path, ...],
    form: FindingsForm,
    settings: Settings,
    trusted: Trusted,
    strict: bool,
    fix: bool,
    diff: bool,
    cache: Path | None,
    today: datetime.date,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Parse, resolve, type- and unit-check, and look at real rows. Nothing is run.

    Nothing is written either, unless `--fix` or `--cache` ask for it. A warning is silenced where
    it stands: `# allow W0603: contract fixed until June`. In a directory every .cosmos file is
    taken but those that are hidden or links.

    \b
    Example:
      cosmosql check examples/quickstart.cosmos
      cosmosql check --strict --format github examples/*.cosmos
      cosmosql check --fix --diff tickets.cosmos
      cosmosql check --cache ~/.cache/cosmosql tickets.cosmos
    """
    stay_offline()
    search_rarely()
    from cosmosql.compiler import examine
    from cosmosql.diagnostics.diagnostic import Findings, InputError, Severity

    if diff and not fix:
        raise click.UsageError("`--diff` shows what `--fix` would write: give both")
    if diff and form is not FindingsForm.TEXT:
        raise click.UsageError("`--diff` and `--format` both ask for standard output: give one")
    screen = Screen(quiet, verbose)
    looks = _looks(cache)
    told: dict[Diagnostic, None] = {}
    silenced: dict[Silenced, None] = {}
    changed: list[Rewritten] = []
    files = tuple(specs_below(specs))
    for spec in files:
        screen.detail(f"checking {spec}")
        if fix:
            from cosmosql.mend import mend

            mended = mend(spec, settings=settings, trusted=trusted, today=today)
            try:
                for file in mended.files:
                    _rewrite(screen, file, write=not diff)
                found = mended.left
            except InputError as refused:
                told.update(dict.fromkeys(refused.diagnostics))
                found = examine(spec, settings=settings, trusted=trusted, today=today)
            changed += mended.files
        else:
            found = examine(spec, settings=settings, trusted=trusted, today=today, looks=looks)
        placed = found.told
        if form in (FindingsForm.SARIF, FindingsForm.GITHUB):
            placed = tuple(anchored(item, spec) for item in placed)
        # Specs that import one file meet the same mistakes in it.
        told.update(dict.fromkeys(placed))
        silenced.update(dict.fromkeys(found.silenced))
    if looks and looks.problem:
        screen.note(f"{cache} does not remember what was looked at: {looks.problem}")
    findings = Findings(tuple(told), tuple(silenced))
    if form is FindingsForm.TEXT:
        print_findings(findings.told)
    else:
        screen.data(rendered(findings, form))
    if findings.silenced:
        screen.detail(f"silenced: {_counted(len(findings.silenced))}")
    if any(item.severity is Severity.ERROR for item in findings.told):
        return ExitCode.WRONG_INPUT
    from cosmosql.diagnostics.render.text import visible_name

    warned = f", {_counted(len(findings.told))}" if findings.told else ""
    place = ", ".join(visible_name(spec) for spec in specs)
    screen.note(f"{place}: no errors{warned}" if files else f"{place}: no {SPEC_SUFFIX} file there")
    wrong = (strict and findings.told) or (diff and changed)
    return ExitCode.WRONG_INPUT if wrong else ExitCode.DONE


def _looks(directory: Path | None) -> Looks | None:
    if directory is None:
        return None
    from cosmosql.data.looked import Looks

    return Looks(directory)


def _rewrite(screen: Screen, file: Rewritten, *, write: bool) -> None:
    """Writes a mended file and says what was changed, or shows the difference."""
    if write:
        from cosmosql.cli.rewrite import rewrite

        rewrite(file.path, file.before, file.after)
        for item in file.fixed:
            screen.note(f"fixed {_described(item)}")
    else:
        from cosmosql.cli.difference import difference
        from cosmosql.diagnostics.render.text import visible_name

        fix = file.fixed[0].fix
        assert fix is not None
        screen.data(difference(visible_name(fix.span.source.name), file.before, file.after))


def _counted(warnings: int) -> str:
    return "1 warning" if warnings == 1 else f"{warnings} warnings"


def _described(item: Diagnostic) -> str:
    """`spec.cosmos:5:3: E0203: `metrics` is now `metric``."""
    from cosmosql.diagnostics.render.text import visible, visible_name

    assert item.fix is not None
    span, text = item.fix.span, item.fix.replacement.strip()
    line, column = span.source.position(span.start)
    old = f"`{span.text.strip()}`" if span.text.strip() else "nothing"
    change = f"{old} is now `{text}`" if text else f"{old} is removed"
    place = f"{visible_name(span.source.name)}:{line}:{column}"
    return visible(f"{place}: {item.code}: {change}")
