"""Conversations with the real server over its streams."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

ROWS = "".join(
    json.dumps({"text": f"row {number}", "label": "ab"[number % 2]}) + "\n" for number in range(400)
)

SPEC = """\
import "./base.cosmos" as base

query pick {
  for base.task.tickets
  among base.strategy.guess
  measure within 1 min
  maximize accuracy
  require accuracy >= base.floor
}
"""

BASE = """\
param floor = 82%

dataset rows using jsonl {
  source = "rows.jsonl"
}

task tickets using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

strategy guess using baseline {
  method = majority
}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in {"spec.cosmos": SPEC, "base.cosmos": BASE, "rows.jsonl": ROWS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def document(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri=uri)


def codes(found: list[types.Diagnostic]) -> list[str]:
    return sorted(str(item.code) for item in found)


def errors(found: list[types.Diagnostic]) -> list[str]:
    return [code for code in codes(found) if code.startswith("E")]


def test_typing_and_mending(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        uri = editor.open_file(files / "spec.cosmos")
        assert errors(await editor.findings(uri)) == []
        editor.type(uri, (6, 11), (6, 19), "acuracy")
        found = await editor.findings(uri)
        assert errors(found) == ["E0201"]
        (wrong,) = found
        assert wrong.range == types.Range(types.Position(6, 11), types.Position(6, 18))
        assert wrong.severity is types.DiagnosticSeverity.Error
        assert wrong.source == "cosmosql"
        assert "help: did you mean `accuracy`?" in wrong.message
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(
                text_document=document(uri),
                range=wrong.range,
                context=types.CodeActionContext(diagnostics=found),
            )
        )
        fix = next(item for item in actions if item.kind == types.CodeActionKind.QuickFix)
        (edit,) = fix.edit.changes[uri]
        assert edit.new_text == "accuracy"
        place = edit.range
        editor.type(
            uri,
            (place.start.line, place.start.character),
            (place.end.line, place.end.character),
            edit.new_text,
        )
        assert errors(await editor.findings(uri)) == []
        assert (editor.log, editor.messages) == ([], [])

    assert talk(conversation) == 0


def test_everything_that_can_be_fixed(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        uri = (files / "spec.cosmos").as_uri()
        editor.open(
            uri,
            SPEC.replace("maximize accuracy", "maximize acuracy").replace(
                "require accuracy", "require acuracy"
            ),
        )
        await editor.findings(uri)
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(
                text_document=document(uri),
                range=types.Range(types.Position(0, 0), types.Position(0, 0)),
                context=types.CodeActionContext(
                    diagnostics=[], only=[types.CodeActionKind.SourceFixAll]
                ),
            )
        )
        (action,) = actions
        assert [edit.new_text for edit in action.edit.changes[uri]] == ["accuracy", "accuracy"]

    talk(conversation)


def test_a_change_in_an_imported_buffer_reaches_its_importer(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        spec, base = (
            editor.open_file(files / "spec.cosmos"),
            editor.open_file(files / "base.cosmos"),
        )
        await editor.until(spec, lambda params: not errors(list(params.diagnostics)))
        editor.replace(base, BASE.replace("param floor", "param ground"))
        found = await editor.until(spec, lambda params: errors(list(params.diagnostics)) != [])
        assert errors(found) == ["E0201"]
        editor.close(base)
        await editor.until(spec, lambda params: not errors(list(params.diagnostics)))

    talk(conversation)


def test_findings_in_files_that_are_not_open(talk: Any, files: Path) -> None:
    (files / "base.cosmos").write_text(BASE.replace("82%", "82 %%"), encoding="utf-8")

    async def conversation(editor: Any) -> None:
        spec, base = (files / "spec.cosmos").as_uri(), (files / "base.cosmos").as_uri()
        editor.open_file(files / "spec.cosmos")
        found = await editor.until(base, lambda params: bool(params.diagnostics))
        assert errors(found)[0].startswith("E01")
        assert editor.told[base].version is None
        (files / "base.cosmos").write_text(BASE, encoding="utf-8")
        editor.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams(
                changes=[types.FileEvent(uri=base, type=types.FileChangeType.Changed)]
            )
        )
        assert await editor.until(base, lambda params: not params.diagnostics) == []
        (files / "base.cosmos").unlink()
        editor.type(spec, (0, 0), (0, 0), "# gone\n")
        assert "E0205" in codes(await editor.findings(spec))

    talk(conversation)


def test_other_places_of_a_finding_are_related(talk: Any, files: Path) -> None:
    text = SPEC.replace("base.strategy.guess", "base.cheap")
    base = BASE + "\ntemplate strategy cheap using baseline {\n  method = majority\n}\n"
    (files / "base.cosmos").write_text(base, encoding="utf-8")

    async def conversation(editor: Any) -> None:
        uri = (files / "spec.cosmos").as_uri()
        editor.open(uri, text)
        found = await editor.until(uri, lambda params: "E0213" in codes(list(params.diagnostics)))
        wrong = next(item for item in found if item.code == "E0213")
        (related,) = wrong.related_information
        assert related.location.uri == (files / "base.cosmos").as_uri()
        assert related.location.range.start.line == base[: base.index("cheap")].count("\n")

    talk(conversation)


def test_rows_are_looked_at_when_a_file_is_opened_and_saved(talk: Any, files: Path) -> None:
    (files / "rows.jsonl").write_text(ROWS.replace('"text"', '"words"'), encoding="utf-8")

    async def conversation(editor: Any) -> None:
        uri = editor.open_file(files / "base.cosmos")
        found = await editor.until(uri, lambda params: "E0510" in codes(list(params.diagnostics)))
        line = found[0].range.start.line
        editor.type(uri, (0, 0), (0, 0), "# one more line\n")
        moved = await editor.until(
            uri, lambda params: params.version == 2 and bool(params.diagnostics)
        )
        assert moved[0].range.start.line == line + 1
        (files / "rows.jsonl").write_text(ROWS, encoding="utf-8")
        editor.save(uri)
        await editor.until(uri, lambda params: "E0510" not in codes(list(params.diagnostics)))

    talk(conversation)


@pytest.mark.parametrize(
    ("encoding", "width"),
    [
        (None, 2),
        (types.PositionEncodingKind.Utf16, 2),
        (types.PositionEncodingKind.Utf8, 4),
        (types.PositionEncodingKind.Utf32, 1),
    ],
)
def test_positions_are_counted_as_the_client_counts(
    talk: Any, tmp_path: Path, encoding: Any, width: int
) -> None:
    async def conversation(editor: Any) -> None:
        uri = (tmp_path / "a b ü.cosmos").as_uri()
        editor.open(uri, 'let a = "😀" + missing\r\nlet b = 1 GPUx # 😀\r\n')
        found = await editor.findings(uri)
        columns = {item.range.start.line: item.range.start.character for item in found}
        assert columns[1] == 8
        editor.type(uri, (0, 9), (0, 9 + width), "x")
        editor.type(uri, (1, 10), (1, 14), "GPU")
        assert "E0103" not in codes(await editor.findings(uri))
        hover = await editor.text_document_hover_async(
            types.HoverParams(text_document=document(uri), position=types.Position(1, 4))
        )
        assert "let b = 1 GPU" in hover.contents.value

    assert talk(conversation, [encoding] if encoding else None) == 0


def test_buffers_that_are_no_files(talk: Any) -> None:
    async def conversation(editor: Any) -> None:
        for uri in ("untitled:Untitled-1", "vscode-vfs://github/x/y.cosmos", "file:", "nonsense"):
            editor.open(uri, 'import "./other.cosmos" as other\n\nparam a = 1 apple\n')
            found = await editor.findings(uri)
            assert codes(found) == ["E0103", "E0205"]
            hover = await editor.text_document_hover_async(
                types.HoverParams(text_document=document(uri), position=types.Position(2, 6))
            )
            assert "param a" in hover.contents.value
            editor.close(uri)
        assert (editor.log, editor.messages) == ([], [])

    assert talk(conversation) == 0


def test_files_that_cannot_be_specs(talk: Any, tmp_path: Path) -> None:
    async def conversation(editor: Any) -> None:
        uri = (tmp_path / "large.cosmos").as_uri()
        editor.open(uri, "# a long comment\n" * 250_000)
        assert codes(await editor.findings(uri)) == ["E0109"]
        editor.replace(uri, "let a = 1\x00\n")
        assert codes(await editor.findings(uri)) == ["E0101"]
        assert (
            await editor.text_document_document_symbol_async(
                types.DocumentSymbolParams(text_document=document(uri))
            )
            == []
        )
        editor.replace(uri, "let a = 1\n")
        assert codes(await editor.findings(uri)) == []

    talk(conversation)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_lead_outside_are_not_followed(talk: Any, tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    (outside / "secret.cosmos").write_text("let secret = 1\n", encoding="utf-8")
    (home / "link.cosmos").symlink_to(outside / "secret.cosmos")
    (home / "inner.cosmos").write_text("let a = 1\n", encoding="utf-8")
    (home / "inner_link.cosmos").symlink_to(home / "inner.cosmos")

    async def conversation(editor: Any) -> None:
        uri = (home / "spec.cosmos").as_uri()
        editor.open(uri, 'import "./link.cosmos" as link\nimport "./inner_link.cosmos" as inner\n')
        assert codes(await editor.findings(uri)) == ["E0206"]
        # The buffer of the file itself counts, whatever name it is opened under.
        linked = editor.open_file(home / "inner_link.cosmos")
        editor.replace(linked, "let a = 1 apple\n")
        assert codes(await editor.findings(linked)) == ["E0103"]

    talk(conversation)


def test_a_renaming_names_versions_and_reaches_the_editors_folders(talk: Any, files: Path) -> None:
    """A spec further up, that is not open, imports the one in which the name is."""
    inner, above = files / "inner", files / "above.cosmos"
    inner.mkdir()
    (inner / "prices.cosmos").write_text("let floor = 80%\n", encoding="utf-8")
    above.write_text(
        'import "./inner/prices.cosmos" as prices\n\nlet a = prices.floor\n', encoding="utf-8"
    )

    async def conversation(editor: Any) -> None:
        uri = editor.open_file(inner / "prices.cosmos")
        version = editor.type(uri, (0, 15), (0, 15), " ")
        params = types.RenameParams(
            text_document=document(uri), position=types.Position(0, 5), new_name="least"
        )
        found = await editor.text_document_rename_async(params)
        assert found.changes is None
        assert {
            change.text_document.uri: (change.text_document.version, len(change.edits))
            for change in found.document_changes
        } == {uri: (version, 1), above.as_uri(): (None, 1)}
        gone = types.WorkspaceFoldersChangeEvent(
            added=[], removed=[types.WorkspaceFolder(files.as_uri(), files.name)]
        )
        editor.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(event=gone)
        )
        (change,) = (await editor.text_document_rename_async(params)).document_changes
        assert change.text_document.uri == uri

    assert talk(conversation, versions=True, folders=[files]) == 0


def test_renaming_is_refused_with_a_reason(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        uri = editor.open_file(files / "base.cosmos")
        await editor.findings(uri)
        params = types.RenameParams(
            text_document=document(uri), position=types.Position(0, 7), new_name="9"
        )
        with pytest.raises(Exception, match="starts with no digit"):
            await editor.text_document_rename_async(params)
        params.new_name = "ground"
        found = await editor.text_document_rename_async(params)
        assert {Path(name).name: len(edits) for name, edits in found.changes.items()} == {
            "base.cosmos": 1,
            "spec.cosmos": 1,
        }
        assert editor.messages == []

    assert talk(conversation) == 0


def test_the_other_requests(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        uri = editor.open_file(files / "spec.cosmos")
        await editor.findings(uri)
        here = document(uri)
        place = types.Position(3, 18)
        definition = await editor.text_document_definition_async(
            types.DefinitionParams(text_document=here, position=place)
        )
        assert definition.uri == (files / "base.cosmos").as_uri()
        found = await editor.text_document_references_async(
            types.ReferenceParams(
                text_document=here,
                position=place,
                context=types.ReferenceContext(include_declaration=True),
            )
        )
        assert len(found) == 2
        renamable = await editor.text_document_prepare_rename_async(
            types.PrepareRenameParams(text_document=here, position=place)
        )
        assert renamable.placeholder == "tickets"
        folds = await editor.text_document_folding_range_async(
            types.FoldingRangeParams(text_document=here)
        )
        assert [(item.start_line, item.end_line) for item in folds] == [(2, 8)]
        lenses = await editor.text_document_code_lens_async(
            types.CodeLensParams(text_document=here)
        )
        assert list(lenses) == []
        editor.type(uri, (9, 0), (9, 0), "param   a=1\n")
        options = types.FormattingOptions(tab_size=2, insert_spaces=True)
        (edit,) = await editor.text_document_formatting_async(
            types.DocumentFormattingParams(text_document=here, options=options)
        )
        assert edit.new_text.endswith("}\n\nparam a = 1\n")
        editor.type(uri, (9, 0), (9, 0), "strategy x using ")
        completions = await editor.text_document_completion_async(
            types.CompletionParams(text_document=here, position=types.Position(9, 17))
        )
        assert "lora" in [item.label for item in completions.items]
        assert all(
            item.insert_text_format is types.InsertTextFormat.PlainText
            for item in completions.items
        )
        blank = types.CompletionContext(
            trigger_kind=types.CompletionTriggerKind.TriggerCharacter, trigger_character=" "
        )
        assert (
            await editor.text_document_completion_async(
                types.CompletionParams(
                    text_document=here, position=types.Position(4, 2), context=blank
                )
            )
            is None
        )

    assert talk(conversation) == 0


def test_requests_about_files_that_are_not_open(talk: Any, files: Path) -> None:
    async def conversation(editor: Any) -> None:
        here = document((files / "spec.cosmos").as_uri())
        place = types.Position(3, 14)
        assert (
            await editor.text_document_hover_async(
                types.HoverParams(text_document=here, position=place)
            )
            is None
        )
        assert (
            await editor.text_document_definition_async(
                types.DefinitionParams(text_document=here, position=place)
            )
            is None
        )
        editor._versions[here.uri] = 1
        editor.type(here.uri, (0, 0), (0, 0), "x")
        editor.close(here.uri)
        assert editor.log == []

    assert talk(conversation) == 0


def test_a_burst_of_keystrokes_costs_one_analysis(files: Path, monkeypatch: Any) -> None:
    """Asked of the server itself: nothing is analysed between keystrokes that come together."""
    import datetime

    from cosmosql.lsp import server as module
    from cosmosql.lsp.capabilities import register

    analyses = []
    real = module.findings
    monkeypatch.setattr(module, "findings", lambda *given: analyses.append(1) or real(*given))
    monkeypatch.setattr(module.CosmosServer, "look_at_rows", lambda self, document: None)

    async def type_fast() -> list[Any]:
        server = register(module.CosmosServer(lambda: datetime.date(2026, 2, 1)))
        told: list[Any] = []
        monkeypatch.setattr(server, "text_document_publish_diagnostics", told.append)
        uri = (files / "spec.cosmos").as_uri()
        server.files.documents.put(uri, SPEC, 1)
        for version in range(2, 52):
            server.files.documents.put(uri, SPEC + "#" * version + "\n", version)
            server.touched()
        while not told:
            await asyncio.sleep(0.01)
        return told

    told = asyncio.run(type_fast())
    assert len(analyses) == 1
    assert [params.version for params in told] == [51]


def test_an_analysis_that_throws_is_logged_and_survived(files: Path, monkeypatch: Any) -> None:
    import datetime

    from cosmosql.lsp import server as module
    from cosmosql.lsp import workspace
    from cosmosql.lsp.capabilities import register

    async def live() -> list[Any]:
        server = register(module.CosmosServer(lambda: datetime.date(2026, 2, 1)))
        log: list[Any] = []
        monkeypatch.setattr(server, "window_log_message", log.append)
        monkeypatch.setattr(server, "text_document_publish_diagnostics", log.append)
        uri = (files / "spec.cosmos").as_uri()
        server.files.documents.put(uri, SPEC, 1)
        with monkeypatch.context() as broken:
            broken.setattr(workspace, "analyse", lambda *a, **k: 1 / 0)
            server.tell()
            assert server.snapshot(uri) is None
        server.tell()
        return log

    first, second, told = asyncio.run(live())
    for message in (first, second):
        assert message.type is types.MessageType.Error
        assert "this is a bug in cosmosql" in message.message
        assert "ZeroDivisionError" in message.message
    assert told.diagnostics == []


def test_a_request_that_throws_is_answered_with_an_error(files: Path, monkeypatch: Any) -> None:
    import datetime

    from cosmosql.lsp import capabilities
    from cosmosql.lsp.server import CosmosServer

    async def ask() -> tuple[list[Any], list[Any]]:
        monkeypatch.setattr(capabilities, "hover", lambda *a: 1 / 0)
        server = capabilities.register(CosmosServer(lambda: datetime.date(2026, 2, 1)))
        log: list[Any] = []
        answers: list[Any] = []
        monkeypatch.setattr(server, "window_log_message", log.append)
        monkeypatch.setattr(server.protocol, "_send_data", answers.append)
        uri = (files / "spec.cosmos").as_uri()
        server.files.documents.put(uri, SPEC, 1)
        server.protocol.handle_message(
            types.HoverRequest(
                id=7,
                params=types.HoverParams(
                    text_document=document(uri), position=types.Position(3, 18)
                ),
            )
        )
        return answers, log

    (answer,), (message,) = asyncio.run(ask())
    assert answer.id == 7
    assert "ZeroDivisionError" in answer.error.message
    assert "this is a bug in cosmosql" in message.message


def test_the_end(files: Path) -> None:
    """`exit` without `shutdown` is code 1, and so is a client that goes away."""
    command = [sys.executable, "-m", "cosmosql", "lsp"]

    def end(*messages: dict[str, Any]) -> tuple[int, bytes]:
        stream = b""
        for message in messages:
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            stream += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        done = subprocess.run(command, input=stream, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stderr

    hello = {"id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
    assert end(hello, {"method": "exit"}) == (1, b"")
    assert end(hello) == (1, b"")
    assert end(hello, {"id": 2, "method": "shutdown"}, {"method": "exit"}) == (0, b"")


def test_neither_torch_nor_pydantic_is_needed(files: Path) -> None:
    """A session with findings, rows, hover and completion imports nothing heavy."""
    program = """
import asyncio, datetime, sys
from pathlib import Path
for name in ("torch", "transformers", "peft", "pydantic", "datasets"):
    sys.modules[name] = None
from cosmosql.lsp.capabilities import register
from cosmosql.lsp.completion import complete
from cosmosql.lsp.hover import hover
from cosmosql.lsp.lens import lenses
from cosmosql.lsp.server import CosmosServer

async def session(path):
    server = register(CosmosServer(lambda: datetime.date(2026, 2, 1)))
    told, log = [], []
    server.text_document_publish_diagnostics = told.append
    server.window_log_message = log.append
    document = server.files.documents.put(path.as_uri(), path.read_text("utf-8"), 1)
    server.look_at_rows(document)
    while not told:
        await asyncio.sleep(0.01)
    snapshot = server.snapshot(document.uri)
    assert snapshot.program is not None and not snapshot.failed, snapshot.diagnostics
    assert hover(snapshot, server.plans, snapshot.document.text.text.index("tickets"))
    assert complete(snapshot, 0)
    assert lenses(snapshot, server.plans) == ()
    assert not log, log

asyncio.run(session(Path(sys.argv[1])))
"""
    spec = files / "spec.cosmos"
    (files / "spec.plan.json").write_text("{}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program, str(spec)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_rows_are_not_read_again_without_need(files: Path, monkeypatch: Any) -> None:
    import datetime

    from cosmosql.lsp import rows as module
    from cosmosql.lsp.workspace import Workspace

    read = []
    real = module.examine
    monkeypatch.setattr(module, "examine", lambda *a, **k: read.append(1) or real(*a, **k))

    async def look() -> None:
        workspace = Workspace(lambda: datetime.date(2026, 2, 1))
        found = module.RowFindings(workspace)
        uri = (files / "base.cosmos").as_uri()
        one = workspace.documents.put(uri, BASE, 1)
        assert await found.look(one)
        assert not await found.look(one)
        same = workspace.documents.put(uri, BASE, 2)
        assert not await found.look(same)
        assert len(read) == 1
        changed = workspace.documents.put(uri, BASE + "# more\n", 3)
        assert await found.look(changed)
        (files / "rows.jsonl").write_text(ROWS + ROWS, encoding="utf-8")
        assert await found.look(changed)
        assert len(read) == 3
        broken = workspace.documents.put(uri, BASE + "let\n", 4)
        assert not await found.look(broken)
        assert len(read) == 3

    asyncio.run(look())


def test_a_file_in_a_folder_may_import_what_its_importer_may(desk: Any) -> None:
    """`sub/inner` reads a file above it, which is allowed to the spec above and not to itself."""
    from cosmosql.lsp.findings import findings

    inner = 'import "../prices.cosmos" as prices\n\nlet a = prices.b\n'
    prices = "let b = 1\n"

    def found() -> list[str]:
        tables = findings(desk.workspace, {}).values()
        return [item.diagnostic.code for table in tables for item in table]

    desk.open(inner, "sub/inner.cosmos", prices=prices)
    assert found() == ["E0206"]
    desk.open('import "./sub/inner.cosmos" as inner\n', prices=prices)
    assert "E0206" not in found()


def test_the_client_is_asked_to_watch_files(files: Path) -> None:
    from tests.lsp.conftest import Editor

    async def conversation() -> list[Any]:
        editor = Editor()
        asked: list[Any] = []
        registered = asyncio.Event()

        @editor.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            asked.extend(params.registrations)
            registered.set()

        await editor.start(watching=True)
        await asyncio.wait_for(registered.wait(), 60)
        assert await editor.finish() == 0
        return asked

    (registration,) = asyncio.run(conversation())
    assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    watched = registration.register_options["watchers"]
    assert {item["globPattern"] for item in watched} == {"**/*.cosmos", "**/*.plan.json"}


@pytest.mark.parametrize("package", ["pygls", "lsprotocol"])
def test_without_the_extra_the_line_that_installs_it(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.run_without", package, "lsp"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "error[E0502]: cannot load an extension" in done.stderr
    assert "pip install 'cosmosql[lsp]'" in done.stderr
    assert f"`{package}`" in done.stderr


def test_two_findings_of_one_place_are_both_told(desk: Any) -> None:
    from cosmosql.diagnostics.diagnostic import Diagnostic, Label
    from cosmosql.lsp.findings import findings

    base = desk.open(BASE, "base.cosmos", spec=SPEC)
    span = base.program.tasks["task.tickets"].span
    rows = tuple(
        Diagnostic(code="E0515", title="value missing", labels=(Label(span),), notes=(note,))
        for note in ("the one", "the other")
    )
    desk.buffer("spec.cosmos", SPEC)
    uri = base.document.uri
    spec = next(item.uri for item in desk.workspace.documents if item.uri != uri)
    told = findings(desk.workspace, {uri: rows, spec: rows})[uri]
    assert [item.diagnostic.notes for item in told if item.diagnostic.code == "E0515"] == [
        ("the one",),
        ("the other",),
    ]
