"""What every page promises: links that lead somewhere, specs that parse, commands that exist."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cosmosql.cli.main import COMMANDS
from cosmosql.source import Source
from cosmosql.syntax.parse import parse

ROOT = Path(__file__).resolve().parents[2]
BROKEN = "cosmos broken"
"""Info string of a fence that shows what is not the language. A `cosmos untidy` one is, and is not
in canonical form."""


def pages() -> list[Path]:
    folders = ("docs", "examples", "grammar")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *(path for path in found if ".report." not in path.name)])


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tokens(path: Path) -> list[Token]:
    text = path.read_text(encoding="utf-8")
    return MarkdownIt("commonmark").enable("table").parse(text)


def fences(path: Path) -> Iterator[Token]:
    return (token for token in tokens(path) if token.type == "fence")


def inner(path: Path) -> Iterator[Token]:
    return (child for token in tokens(path) for child in token.children or ())


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that a forge gives a page's headings, and those that the page sets itself."""
    found = set(re.findall(r'<a id="([^"]+)">', path.read_text(encoding="utf-8")))
    waiting = False
    for token in tokens(path):
        if waiting:
            words = "".join(child.content for child in token.children or ()).lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
        waiting = token.type == "heading_open"
    return found


def links(path: Path) -> Iterator[str]:
    for token in inner(path):
        target = token.attrGet("href") or token.attrGet("src")
        if target and not re.match(r"[a-z]+:", str(target)):
            yield str(target)


def commands(path: Path) -> Iterator[str]:
    """Every `cosmosql …` of a page, in its text and in its consoles."""
    for token in inner(path):
        if token.type == "code_inline" and token.content.startswith("cosmosql "):
            yield token.content
    for fence in fences(path):
        if fence.info in ("console", "sh", "bash", "shell"):
            for line in fence.content.replace("\\\n", " ").splitlines():
                if fence.info != "console" or line.startswith("$ "):
                    yield from re.findall(r"\bcosmosql [^|<>#&;]*", line)


PAGES = pytest.mark.parametrize("page", pages(), ids=ids)


@PAGES
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@PAGES
def test_specs_parse(page: Path) -> None:
    # The wrong examples of an error page are run by the test of the error pages.
    known = page.parent.name == "errors"
    for fence in fences(page):
        if fence.info.split(" ")[0] == "cosmos" and not known:
            found = parse(Source(page.name, fence.content))[1]
            assert bool(found) == (fence.info == BROKEN), (fence.content, found)


def option_names(command: click.Command) -> set[str]:
    """Every spelling of every option, `--help` included."""
    # A command keeps the help option that it is first asked for.
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {
        spelling
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    }


@PAGES
def test_commands_exist(page: Path) -> None:
    modules = {name: module for name, module, _ in COMMANDS}
    for written in commands(page):
        words = written.split()[1:]
        if words[0].startswith("-"):
            assert words[0] in ("--help", "--version", "-h"), written
            continue
        assert re.sub(r"\W+$", "", words[0]) in {*modules, "…"} or words[0].isupper(), written
        if words[0] in modules:
            known = option_names(importlib.import_module(modules[words[0]]).command)
            flags = {re.split(r"[=\]]", word.lstrip("["))[0] for word in words if word[:1] in "-["}
            assert {flag for flag in flags if re.match(r"-\w|--\w", flag)} <= known, written


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    for page in pages():
        if page.is_relative_to(ROOT / "docs") and page.parent.name not in ("errors", "decisions"):
            assert page in linked or page == index, page
    for folder in ("errors", "decisions"):
        assert ROOT / "docs" / folder / "README.md" in linked


def test_the_front_page_leads_to_the_index() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert ROOT / "docs" / "README.md" in linked


def test_the_hooks_of_the_page_are_those_of_the_repository() -> None:
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    page = ROOT / "docs" / "language-tools.md"
    [shown] = [fence.content for fence in fences(page) if fence.info == "yaml"]
    hooks = yaml.safe_load(shown)["repos"][0]["hooks"]
    known = ("id", "name", "entry", "files")
    assert [{key: hook[key] for key in known} for hook in hooks] == [
        {key: hook[key] for key in known} for hook in offered
    ]
