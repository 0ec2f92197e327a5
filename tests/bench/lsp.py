"""How long an editor waits after a keystroke, measured on the real server over its streams.

    python tests/bench/lsp.py [--lines 1000] [--keystrokes 200] [--write FILE]

Each keystroke changes one character of a spec; measured is the time from sending it to receiving
the findings of that version. Typing goes on in many places of the file, and every other keystroke
leaves it broken.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

HEAD = """\
import std.hardware as hw
import std.models as models

param floor = 82%

dataset rows using jsonl {
  source = "rows.jsonl"
}

task tickets using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

retriever nearest using bm25 {
  corpus = dataset.rows
}
"""

BLOCK = """
## Candidate number {number}.
strategy candidate_{number} using icl {{
  model = models.qwen2_5_0_5b
  retriever = retriever.nearest
  shots = sweep(1, 2, 4)    # few
  on = hw.l4
}}
"""

TAIL = """
query pick {
  for task.tickets
  among strategy.*
  measure within 1 USD
  maximize accuracy
  require accuracy >= floor
}
"""


class Server:
    """`cosmosql lsp` as a process, spoken to message by message."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "cosmosql", "lsp"]
        self._process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0

    def request(self, method: str, params: object) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        return self.receive(lambda message: message.get("id") == number)["result"]

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def receive(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that is wanted; others are dropped."""
        while True:
            message = self._read()
            if wanted(message):
                return message

    def findings(self, version: int) -> list[dict[str, Any]]:
        found = self.receive(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"].get("version") == version
            )
        )
        diagnostics: list[dict[str, Any]] = found["params"]["diagnostics"]
        return diagnostics

    def processor(self) -> float:
        """Milliseconds of processor time that the server has used."""
        times = psutil.Process(self._process.pid).cpu_times()
        return 1000 * float(times.user + times.system)

    def close(self) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the server has gone")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


def spec(lines: int) -> str:
    """A spec of about so many lines: one question about many strategies."""
    size = BLOCK.count("\n")
    count = (lines - HEAD.count("\n") - TAIL.count("\n")) // size
    blocks = (BLOCK.format(number=number) for number in range(count))
    return HEAD + "".join(blocks) + TAIL


def keystrokes(text: str, count: int) -> list[tuple[int, int, int, str]]:
    """So many edits as (line, first column, last column, text): a digit typed and deleted again,
    a bracket typed and deleted again, from top to bottom."""
    places = []
    for number, line in enumerate(text.split("\n")):
        match = re.search(r"sweep\(1, 2, 4", line)
        if match:
            places.append((number, match.end()))
    edits: list[tuple[int, int, int, str]] = []
    index = 0
    while len(edits) < count:
        line, column = places[(index * 7) % len(places)]
        letter = "0" if index % 2 else "("
        edits += [(line, column, column, letter), (line, column, column + 1, "")]
        index += 1
    return edits[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    lines: int
    first: float
    """Milliseconds to the first findings of the file."""
    waits: tuple[float, ...]
    """Milliseconds to those of each keystroke."""
    processor: float
    """Milliseconds that the server computed in all of them."""


def measure(lines: int, count: int) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        path = directory / "spec.cosmos"
        rows = (json.dumps({"text": f"row {i}", "label": "ab"[i % 2]}) for i in range(400))
        (directory / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
        text = spec(lines)
        path.write_text(text, encoding="utf-8")
        server = Server(directory)
        server.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        server.notify("initialized", {})
        started = time.perf_counter()
        document = {"uri": path.as_uri(), "languageId": "cosmosql", "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": document})
        server.findings(1)
        first = 1000 * (time.perf_counter() - started)
        # The rows are looked at meanwhile; nobody types that early.
        time.sleep(3)
        before = server.processor()
        edits = enumerate(keystrokes(text, count), start=2)
        waits = tuple(_keystroke(server, path.as_uri(), number, edit) for number, edit in edits)
        processor = server.processor() - before
        server.close()
    return Measured(lines=text.count("\n"), first=first, waits=waits, processor=processor)


def _keystroke(server: Server, uri: str, version: int, edit: tuple[int, int, int, str]) -> float:
    line, first, last, text = edit
    where = {
        "start": {"line": line, "character": first},
        "end": {"line": line, "character": last},
    }
    started = time.perf_counter()
    server.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"range": where, "text": text}],
        },
    )
    server.findings(version)
    return 1000 * (time.perf_counter() - started)


def page(measured: Measured) -> str:
    ordered = sorted(measured.waits)
    high = ordered[int(0.95 * len(ordered))]
    median = statistics.median(ordered)
    count = len(ordered)
    return f"""\
# How long an editor waits

Measured with `python tests/bench/lsp.py` on {os.cpu_count()} cores of {platform.machine()},
Python {platform.python_version()}: the real server, over its streams, on one spec of
{measured.lines:,} lines. Every other keystroke leaves the spec broken. The time is from sending a
keystroke to receiving the findings of the text with it; the pause of 10 ms in which the server
waits for more is part of it.

| | milliseconds |
|---|---|
| opening the file: first findings | {measured.first:.0f} |
| a keystroke, median of {count} | {median:.0f} |
| a keystroke, 95th percentile | {high:.0f} |
| a keystroke, longest | {ordered[-1]:.0f} |
| processor time of the server for a keystroke, mean | {measured.processor / count:.0f} |

Only declarations whose text has changed are parsed again, and what the standard library declares is
bound once.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--keystrokes", type=int, default=200)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    text = page(measure(arguments.lines, arguments.keystrokes))
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
