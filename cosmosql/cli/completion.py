"""`cosmosql completion SHELL`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, PowerShellComplete, ZshComplete

from cosmosql.cli import options
from cosmosql.cli.screen import Screen

SHELLS = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
    "powershell": PowerShellComplete,
}
VARIABLE = "_COSMOSQL_COMPLETE"
"""What the script sets when it asks the program for words; click reads it."""


@click.command()
@click.argument(
    "shell", type=click.Choice(list(SHELLS)), metavar="SHELL", help="Which: " + ", ".join(SHELLS)
)
@options.quiet
@options.verbose
def command(shell: str, quiet: bool, verbose: bool) -> None:
    """The script that teaches a shell to complete commands, options, specs and codes.

    \b
    Example:
      cosmosql completion bash > ~/.local/share/bash-completion/completions/cosmosql
      cosmosql completion zsh > "${fpath[1]}/_cosmosql"
      cosmosql completion fish > ~/.config/fish/completions/cosmosql.fish
      cosmosql completion powershell >> $PROFILE
    """
    screen = Screen(quiet, verbose)
    screen.detail("takes effect in shells that are started after it is in its place")
    program = click.get_current_context().find_root()
    writer = SHELLS[shell](program.command, {}, program.info_name or "", VARIABLE)
    screen.data(writer.source() + "\n")
