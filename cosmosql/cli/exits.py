"""Exit codes: the part of the contract that scripts rely on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    WRONG_INPUT = 1
    """Diagnostics were printed."""
    WRONG_USAGE = 2
    """Given by the command-line library itself."""
    NOT_DECIDED = 3
    """Undecided or infeasible; the plan is written and says which."""
    RUN_FAILED = 4
    """What was measured is kept."""
    GATE_FAILED = 5
    """A forecast was missed."""
    BUG = 70
    INTERRUPTED = 130
