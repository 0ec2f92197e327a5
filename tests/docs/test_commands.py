"""The page of the commands is their help."""

from __future__ import annotations

from cosmosql.cli.exits import ExitCode
from cosmosql.cli.main import COMMANDS
from tests.docs.scripts import script

PAGE = script("commands")


def test_the_page_is_current() -> None:
    """Made again with `python docs/commands.py`."""
    assert PAGE.PAGE.read_text(encoding="utf-8") == PAGE.page()


def test_it_holds_every_command_and_exit_code() -> None:
    text = PAGE.page()
    assert set(PAGE.ENDS) == set(ExitCode)
    for name, _, _ in COMMANDS:
        assert f"Usage: cosmosql {name} " in text
