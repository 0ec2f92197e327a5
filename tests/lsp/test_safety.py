"""A spec of a stranger in the editor: nothing outside its directory is read, nothing is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, datetime, json, os, sys
from pathlib import Path

outside, spec = sys.argv[1], Path(sys.argv[2])
done = []
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
DOING = ("subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.remove", "os.rename",
         "os.mkdir", "socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.", "pickle.")

def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        if name.startswith(outside) or (flags & WRITING and name != os.devnull):
            done.append([event, name])
    elif event.startswith(DOING):
        done.append([event, repr(arguments)])
    elif event == "os.listdir" or event == "os.scandir":
        if str(arguments[0]).startswith(outside):
            done.append([event, str(arguments[0])])

sys.dont_write_bytecode = True
from cosmosql.lsp.capabilities import register
from cosmosql.lsp.completion import complete
from cosmosql.lsp.hover import hover
from cosmosql.lsp.lens import lenses
from cosmosql.lsp.navigation import definition_of, references
from cosmosql.lsp.server import CosmosServer

async def session():
    server = register(CosmosServer(lambda: datetime.date(2026, 2, 1)))
    told = []
    server.text_document_publish_diagnostics = told.append
    server.window_log_message = lambda message: done.append(["log", message.message])
    text = spec.read_text("utf-8")
    document = server.files.documents.put(spec.as_uri(), text, 1)
    server.tell()
    await server.rows.look(document)
    server.tell()
    snapshot = server.snapshot(document.uri)
    for offset in range(0, len(text) + 1):
        hover(snapshot, server.plans, offset)
        complete(snapshot, offset)
        definition_of(server.files, snapshot, offset)
    references(server.files, snapshot, text.index("rows"), declaration=True)
    lenses(snapshot, server.plans)
    return sorted({item.code for params in told for item in params.diagnostics})

asyncio.run(session())  # What is imported on the way may do what it likes.
sys.addaudithook(hook)
codes = asyncio.run(session())
Path(outside, "plan.json").read_text()
assert done.pop()[0] == "open", "the hook sees what it is for"
print(json.dumps({"done": done, "codes": codes}))
"""

SPEC = """\
import "./link.cosmos" as link
import "../outside/secret.cosmos" as secret
import "/etc/passwd" as passwd

dataset rows using jsonl {
  source = "../outside/rows.jsonl"
}

dataset linked using csv {
  source = "rows.csv"
}

task t using classify {
  data = dataset.linked
  input = "{text}"
  target = label
}

strategy s using prompt {
  model = link.m
}

query q {
  for task.t
  among strategy.s
  measure within 1 USD
  maximize accuracy
}
"""


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_session_with_a_hostile_spec(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    (outside / "secret.cosmos").write_text("let password = 1\n", encoding="utf-8")
    (outside / "rows.jsonl").write_text('{"text": "secret"}\n', encoding="utf-8")
    (outside / "plan.json").write_text("{}", encoding="utf-8")
    (home / "link.cosmos").symlink_to(outside / "secret.cosmos")
    (home / "rows.csv").symlink_to(outside / "rows.jsonl")
    (home / "folder").symlink_to(outside)
    (home / "spec.plan.json").symlink_to(outside / "plan.json")
    spec = home / "spec.cosmos"
    spec.write_text(SPEC, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(outside), str(spec)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["done"] == []
    assert "E0206" in told["codes"]
