"""Rows are looked at apart from everything else, one look at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from cosmosql.lsp import rows
from cosmosql.lsp.rows import RowFindings, apart

SPEC = """\
import std.tiny as tiny

strategy guess using baseline {
  method = majority
}

query pick {
  for tiny.task.intent
  among strategy.*
  maximize accuracy
}
"""

HASTY = """
import asyncio, time
from cosmosql.lsp.rows import apart

async def leave() -> None:
    look = asyncio.create_task(apart(lambda: time.sleep(3600)))
    await asyncio.sleep(0.1)
    assert not look.done()

asyncio.run(leave())
"""


def test_a_long_look_does_not_hold_up_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HASTY], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_look_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(apart(lambda: 1 // 0))


def test_of_many_that_wait_the_last_is_taken(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    async def counted(work: Any) -> Any:
        begun.append(work)
        return await apart(work)

    monkeypatch.setattr(rows, "apart", counted)
    document = desk.open(SPEC).document
    found = RowFindings(desk.workspace)

    async def hurry() -> list[bool]:
        return await asyncio.gather(*(found.look(document) for _ in range(5)))

    assert asyncio.run(hurry()) == [True, False, False, False, False]
    assert len(begun) == 2
