"""Every format of the same findings."""

from __future__ import annotations

import json as standard_json
import re
from io import StringIO

from rich.console import Console

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.diagnostics.render import github, json, sarif, text
from cosmosql.source import Source, Span

SPEC = Source(
    "dir/a b.cosmos",
    "query pick {\n  require adapt_cost <= 6 GPU-hours\n\n\n  minimise accuracy, 100%\n}\n",
)
OTHER = Source("base.cosmos", "param cost = 3\n")


def span(source: Source, words: str) -> Span:
    start = source.text.index(words)
    return Span(source, start, start + len(words))


MISMATCH = Diagnostic(
    code="E0301",
    title="cannot compare money with GPU time",
    labels=(
        Label(span(SPEC, "6 GPU-hours"), "this is GPU time"),
        Label(span(SPEC, "adapt_cost"), "`adapt_cost` is money"),
        Label(span(SPEC, "minimise"), "asked here"),
        Label(span(OTHER, "cost"), "declared here"),
    ),
    notes=("no exchange rate is assumed; a price makes one explicit",),
    help="multiply by a declared price: `6 GPU-hours * hw.h100.price`",
)
TYPO = Diagnostic(
    code="W0603",
    title="a, b: 100%",
    labels=(Label(span(SPEC, "minimise"), "this"),),
    help="did you mean `minimize`?",
    fix=Fix(span(SPEC, "minimise"), "minimize"),
)
BARE = Diagnostic(code="E0102", title="cannot go on", notes=("line one\nline two",))


def test_text_of_several_labels() -> None:
    assert text.render([MISMATCH]) == (
        "error[E0301]: cannot compare money with GPU time\n"
        " --> dir/a b.cosmos:2:25\n"
        "  |\n"
        "2 |   require adapt_cost <= 6 GPU-hours\n"
        "  |           ---------- `adapt_cost` is money\n"
        "  |                         ^^^^^^^^^^^ this is GPU time\n"
        "...\n"
        "5 |   minimise accuracy, 100%\n"
        "  |   -------- asked here\n"
        "  |\n"
        " ::: base.cosmos:1:7\n"
        "  |\n"
        "1 | param cost = 3\n"
        "  |       ---- declared here\n"
        "  |\n"
        "  = note: no exchange rate is assumed; a price makes one explicit\n"
        "  = help: multiply by a declared price: `6 GPU-hours * hw.h100.price`\n"
        "  = explain: cosmosql explain E0301\n"
    )


def test_text_without_labels() -> None:
    assert text.render([BARE]) == (
        "error[E0102]: cannot go on\n"
        "  = note: line one\n"
        "    line two\n"
        "  = explain: cosmosql explain E0102\n"
    )
    assert text.render([]) == ""


def test_text_stops_at_twenty() -> None:
    shown = text.render([BARE] * 34)
    assert shown.count("error[E0102]") == 20
    assert shown.endswith("\nand 14 more\n")
    assert "more" not in text.render([BARE] * 20)


def marked(line: str, words: str) -> tuple[str, str]:
    """The excerpt line and its underline."""
    source = Source("a", line)
    found = Diagnostic(code="E0102", title="t", labels=(Label(span(source, words), "x"),))
    lines = text.render([found]).split("\n")
    return lines[3].removeprefix("1 | "), lines[4].removeprefix("  | ")


def test_marks_stand_below_their_text() -> None:
    assert marked("a\tbc", "bc") == ("a bc", "  ^^ x")
    assert marked("日本 bc", "bc") == ("日本 bc", "     ^^ x")
    shown, under = marked("a" * 5000 + "HERE" + "b" * 5000, "HERE")
    assert len(shown) <= 120
    assert shown[under.index("^") : under.rindex("^") + 1] == "HERE"


def test_a_mark_of_several_lines_ends_with_the_first() -> None:
    assert marked("ab\ncd", "b\ncd") == ("ab", " ^ x")


def test_no_text_of_a_file_can_steer_the_terminal() -> None:
    source = Source("a\x1b[2J", "x\x1b[31my\u202e")
    found = Diagnostic(
        code="E0102", title="\x1b", labels=(Label(Span(source, 0, 3), "\x9b"),), notes=("\x07",)
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text.render([found]))


def test_styled_says_the_same() -> None:
    assert text.styled([MISMATCH, TYPO]).plain == text.render([MISMATCH, TYPO])
    assert {str(part.style) for part in text.styled([MISMATCH]).spans} >= {"bold red", "blue"}


def test_styled_long_lines_are_not_cut() -> None:
    console = Console(file=StringIO(), width=20, color_system=None)
    console.print(text.styled([MISMATCH]), end="", soft_wrap=True)
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue() == text.render([MISMATCH])


def test_json_holds_everything() -> None:
    document = standard_json.loads(json.render([MISMATCH, TYPO, BARE]))
    assert (document["format"], document["errors"], document["warnings"]) == (1, 2, 1)
    first, second, third = document["diagnostics"]
    assert first["labels"][0] == {
        "file": "dir/a b.cosmos",
        "line": 2,
        "column": 25,
        "end_line": 2,
        "end_column": 36,
        "text": "this is GPU time",
    }
    assert second["severity"] == "warning"
    assert second["fix"]["replacement"] == "minimize"
    assert (third["labels"], third["fix"], third["help"]) == ([], None, None)


def test_github_annotations_are_escaped() -> None:
    first, second = github.render([TYPO, BARE]).splitlines()
    assert first == (
        "::warning file=dir/a b.cosmos,line=5,endLine=5,col=3,endColumn=11,title=W0603::"
        "a, b: 100%25%0Athis%0Ahelp: did you mean `minimize`?"
    )
    assert second == "::error title=E0102::cannot go on%0Aline one%0Aline two"
    odd = Source("a,b:c%.cosmos", "x")
    line = github.render([Diagnostic(code="E0102", title="t", labels=(Label(Span(odd, 0, 1)),))])
    assert line.startswith("::error file=a%2Cb%3Ac%25.cosmos,line=1,")


def test_sarif_structure() -> None:
    log = standard_json.loads(sarif.render([MISMATCH, TYPO, BARE]))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E0102", "E0301", "W0603"]
    assert rules[0]["shortDescription"]["text"] == "expected something else"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    first, second, third = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "dir/a%20b.cosmos"
    assert place["region"] == {"startLine": 2, "startColumn": 25, "endLine": 2, "endColumn": 36}
    assert [item["message"]["text"] for item in first["relatedLocations"]] == [
        "`adapt_cost` is money",
        "asked here",
        "declared here",
    ]
    assert (first["level"], second["level"]) == ("error", "warning")
    (change,) = second["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "minimize"
    assert third["locations"] == [] and "fixes" not in third


def test_sarif_of_nothing_is_a_run_without_results() -> None:
    log = standard_json.loads(sarif.render([]))
    assert log["runs"][0]["results"] == [] and log["runs"][0]["tool"]["driver"]["rules"] == []
