"""The syntax file of Vim, run by Vim and compared with the parser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.diagnostics.render.text import render
from cosmosql.highlight.vim import LINKS
from cosmosql.highlight.vim import files as generated
from cosmosql.source import Source, Span
from tests.highlight.specs import DAMAGED, KEYWORDS, ROOT, SAMPLE, files, terminals

VIM = shutil.which("vim")
needs_vim = pytest.mark.skipif(not VIM, reason="Vim is not installed")

SCRIPT = """
let found = []
for line in range(1, line('$'))
  for column in range(1, col([line, '$']) - 1)
    call add(found, line . ' ' . column . ' ' . synIDattr(synID(line, column, 1), 'name'))
  endfor
endfor
call writefile(found, '{out}')
qall!
"""


FINDINGS = """
cgetfile {printed}
let found = []
for item in getqflist()
  if item.valid
    let place = bufname(item.bufnr) . ' ' . item.lnum . ' ' . item.col
    call add(found, item.type . ' ' . item.nr . ' ' . place . ' ' . item.text)
  endif
endfor
call writefile(found, '{out}')
qall!
"""


def run_vim(spec: Path, script: Path) -> None:
    setup = f"set rtp^={ROOT}/grammar/vim | filetype plugin on | syntax on"
    wanted = (setup, f"edit {spec}", "syn sync fromstart", f"source {script}")
    commands = [part for command in wanted for part in ("-c", command)]
    subprocess.run(
        [str(VIM), "-N", "-u", "NONE", "-i", "NONE", "-es", *commands],
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def groups(text: str, folder: Path) -> list[str]:
    """The syntax group of every character; texts are ASCII here."""
    spec, script, out = folder / "a.cosmos", folder / "dump.vim", folder / "out"
    spec.write_text(text, encoding="utf-8")
    script.write_text(SCRIPT.replace("{out}", str(out)), encoding="utf-8")
    run_vim(spec, script)
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = [""] * len(text)
    for entry in out.read_text(encoding="utf-8").splitlines():
        line, column, name = entry.split(" ")
        found[starts[int(line) - 1] + int(column) - 1] = name
    return found


def test_the_checked_in_files_are_current() -> None:
    """Made again with `python -m cosmosql.highlight.vim`."""
    for name, text in generated().items():
        assert (ROOT / "grammar" / "vim" / name).read_text(encoding="utf-8") == text, name


@needs_vim
@pytest.mark.parametrize(
    "name", ["sample", "examples/quickstart.cosmos", "examples/byo/tickets.cosmos"]
)
def test_keywords_names_and_numbers_are_those_of_the_parser(name: str, tmp_path: Path) -> None:
    text = files()[name]
    assert text.isascii()
    found = groups(text, tmp_path)
    assert not {"cosmosWrongUnit", "cosmosWrongEscape"} & set(found)
    assert set(found) - {""} <= set(LINKS)
    for terminal, start, end in terminals(text):
        group, written = found[start], text[start:end]
        if terminal in KEYWORDS:
            assert group in ("cosmosKeyword", "cosmosClause"), written
        if terminal == "NAME":
            assert group not in ("cosmosKeyword", "cosmosClause", "cosmosNumber"), written
        if terminal == "NUMBER":
            assert group == "cosmosNumber", written
            if not written[-1].isdigit():
                assert found[end - 1] == "cosmosUnit", written
        if terminal == "TEXT":
            inside = {"cosmosText", "cosmosEscape", "cosmosColumn"}
            assert set(found[start:end]) <= inside, written


@needs_vim
def test_what_is_silenced_stands_out(tmp_path: Path) -> None:
    found = groups(SAMPLE, tmp_path)
    assert found[SAMPLE.index("allow W0215")] == "cosmosAllowed"
    assert found[SAMPLE.index("the nightly job")] == "cosmosComment"


@needs_vim
def test_a_damaged_file_keeps_its_next_declaration(tmp_path: Path) -> None:
    found = groups(DAMAGED, tmp_path)
    assert found[DAMAGED.index("strategy next")] == "cosmosKind"
    assert found[DAMAGED.index("next")] == "cosmosName"
    assert found[DAMAGED.index("parsecs")] == "cosmosWrongUnit"


@needs_vim
def test_findings_of_a_check_go_to_the_quickfix_list(tmp_path: Path) -> None:
    source = Source("specs/a.cosmos", "let x = 1\nlet y = 2 USD\n")
    error = Diagnostic(
        code="E0301",
        title="dimensions differ",
        labels=(Label(Span(source, 18, 23), "money"), Label(Span(source, 8, 9), "a number")),
        help="write one",
    )
    warning = Diagnostic(
        code="W0215", title="never used", labels=(Label(Span(source, 4, 5), "here"),)
    )
    printed, script, out = tmp_path / "printed", tmp_path / "q.vim", tmp_path / "out"
    printed.write_text(render([error, warning]), encoding="utf-8")
    text = FINDINGS.replace("{out}", str(out)).replace("{printed}", str(printed))
    script.write_text(text, encoding="utf-8")
    run_vim(tmp_path / "a.cosmos", script)
    assert out.read_text(encoding="utf-8").splitlines() == [
        "E 301 specs/a.cosmos 2 9 dimensions differ",
        "W 215 specs/a.cosmos 1 5 never used",
    ]
