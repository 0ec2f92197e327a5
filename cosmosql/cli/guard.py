"""Every way a command can end, turned into its exit code and a message on standard error."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from cosmosql import __version__
from cosmosql.cli.exits import ExitCode
from cosmosql.diagnostics.diagnostic import InputError

TRACEBACK = "COSMOSQL_TRACEBACK"
LONGEST_DETAIL = 300

MACHINE = (MemoryError, OSError)
"""What a machine runs out of or refuses."""

REFUSED = ("OutOfMemoryError", "OperationalError", "ContextOverflow")
"""The same by name, so that nothing is imported to tell it: torch's memory, sqlite's disk; and what
a model could not take. Facts about the rows or the machine, no bugs."""


def guarded(command: Callable[..., int | None]) -> Callable[..., NoReturn]:
    """The command as it is called: always ends in click's `Exit` with a code of the contract.

    Raises what click itself words: wrong usage. With the environment variable
    COSMOSQL_TRACEBACK set, a bug is followed by its traceback.
    """

    @functools.wraps(command)
    def call(*arguments: Any, **options: Any) -> NoReturn:
        try:
            code = command(*arguments, **options) or ExitCode.DONE
            sys.stdout.flush()
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except InputError as error:
            code = _wrong_input(error)
        except KeyboardInterrupt:
            code = _interrupted()
        except BrokenPipeError:
            code = _reader_left()
        except Exception as error:
            code = _interrupted() if _began_as_interrupt(error) else failed(error)
        raise click.exceptions.Exit(int(code))

    return call


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _interrupted() -> int:
    _say("interrupted; resumable: run the same command again")
    return ExitCode.INTERRUPTED


def _began_as_interrupt(error: BaseException) -> bool:
    """True where a library turned an interrupt into an error of its own."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__cause__ or seen.__context__
    return seen is not None


def _wrong_input(error: InputError) -> int:
    from cosmosql.cli.findings import print_findings

    print_findings(error.diagnostics)
    return ExitCode.WRONG_INPUT


def _reader_left() -> int:
    """Standard output was closed by its reader (`| head`): nothing more can be said there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE


def failed(error: Exception) -> int:
    """The machine's failure (memory, disk, device) or ours. What was measured is kept in both."""
    detail = " ".join(str(error).split())[:LONGEST_DETAIL]
    named = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        _say(f"error: {detail}")
        return code
    if isinstance(error, MACHINE) or type(error).__name__ in REFUSED:
        _say(f"error: the run failed: {named}")
        _say("  what was measured is kept; running again continues from there")
        return ExitCode.RUN_FAILED
    _say(f"error: this is a bug in cosmosql {__version__}: {named}")
    _say("  what was measured is kept; running again continues from there")
    if os.environ.get(TRACEBACK):
        import traceback

        _say("".join(traceback.format_exception(error)))
    else:
        _say(f"  for a report: set {TRACEBACK}=1, run again, and send what it prints")
    return ExitCode.BUG
