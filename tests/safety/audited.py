"""Runs command lines in one process whose interpreter tells what they do to the world.

python tests/safety/audited.py LOG '[["check", "a.cosmos"], ["quote", "a.cosmos"]]'

The hook stands before the first import of cosmosql. LOG gets one JSON object a line: what was done,
with what, during which command; and each command's exit code. Opening a file to read is told only
of paths below the directories in AUDITED_WATCH.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

MOST_SECONDS = 120
"""Of processor time: what does not end by itself ends then, and its exit code is missing."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
DOING = (
    "ctypes.dlopen",
    "ftplib.",
    "http.client.",
    "import",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pickle.find_class",
    "pty.spawn",
    "shutil.",
    "smtplib.",
    "socket.",
    "sqlite3.connect",
    "subprocess.Popen",
    "tempfile.",
    "urllib.Request",
    "webbrowser.open",
)
"""Audit events that are told, by how they start; and `open`, `exec`, of which only some are."""


class Hook:
    def __init__(self, log: int, watched: tuple[str, ...]) -> None:
        self._log = log
        self._watched = watched
        self.command = -1

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opened(*arguments)
        elif event == "exec":
            self._executed(arguments[0])
        elif event == "import":
            # The name, and the file where it is a compiled module.
            self.tell(event, str(arguments[0]), str(arguments[1] or ""))
        elif event.startswith(DOING):
            self.tell(event, *(repr(argument) for argument in arguments))

    def _opened(self, path: object, mode: object, flags: object) -> None:
        writes = isinstance(flags, int) and bool(flags & WRITING)
        name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else repr(path)
        if writes and name != os.devnull:
            self.tell("open to write", name)
        elif self._is_watched(name):
            self.tell("open to read", name)

    def _executed(self, code: Any) -> None:
        name = getattr(code, "co_filename", "")
        if self._is_watched(name):
            self.tell("exec", name)

    def _is_watched(self, name: str) -> bool:
        return not name.startswith("<") and os.path.realpath(name).startswith(self._watched)

    def tell(self, event: str, *arguments: str) -> None:
        line = json.dumps({"command": self.command, "event": event, "with": arguments})
        os.write(self._log, f"{line}\n".encode())


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    commands = json.loads(sys.argv[2])
    watched = tuple(name for name in os.environ["AUDITED_WATCH"].split(os.pathsep) if name)
    # As the installed command has it: neither this file's directory nor the current one.
    here = str(Path(__file__).parent)
    sys.path[:] = [name for name in sys.path if name not in ("", here)]
    hook = Hook(log, watched)
    sys.addaudithook(hook)
    for index, command in enumerate(commands):
        hook.command = index
        if command[0] == "--python":
            exec(command[1], {})
            continue
        from cosmosql.cli.main import main as command_line

        sys.argv = ["cosmosql", *command]
        try:
            command_line()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
        hook.tell("exit", str(code))


if __name__ == "__main__":
    main()
