"""Logs hold to the standard, whatever the diagnostics are.

`sarif-2.1.0-rtm.5.json` is the standard's schema as the OASIS committee published it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label, Silenced
from cosmosql.diagnostics.pages import codes
from cosmosql.diagnostics.render import sarif
from cosmosql.source import Source, Span

SARIF = json.loads(Path(__file__).with_name("sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SARIF)

NAMES = ("spec.cosmos", "a b/ü#?%.cosmos", "std/hardware.cosmos", "--set floor", "../up.cosmos")
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    text = draw(TEXTS)
    start = draw(st.integers(0, len(text)))
    source = Source(draw(st.sampled_from(NAMES)), text)
    return Span(source, start, draw(st.integers(start, len(text))))


DIAGNOSTICS = st.builds(
    Diagnostic,
    code=st.sampled_from(codes()),
    title=TEXTS,
    labels=st.lists(st.builds(Label, spans(), TEXTS), max_size=4).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    help=st.none() | TEXTS,
    fix=st.none() | st.builds(Fix, spans(), TEXTS),
)


@settings(deadline=None)
@given(
    st.lists(DIAGNOSTICS, max_size=5), st.lists(st.builds(Silenced, DIAGNOSTICS, TEXTS), max_size=2)
)
def test_every_log_is_valid(found: list[Diagnostic], silenced: list[Silenced]) -> None:
    log = json.loads(sarif.render(found, silenced))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == len(found) + len(silenced)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for item, result in zip(
        [*found, *(one.diagnostic for one in silenced)], run["results"], strict=True
    ):
        assert rules[result["ruleIndex"]] == result["ruleId"] == item.code
    assert [("suppressions" in result) for result in run["results"]] == [False] * len(found) + [
        True
    ] * len(silenced)
    for place in places(log):
        assert re.fullmatch(r"[A-Za-z0-9._~/%\-]*", place["uri"])
        assert place["uriBaseId"] in run["originalUriBaseIds"]


def places(value: object) -> list[dict[str, str]]:
    """Every artifact location with a place in it."""
    if isinstance(value, list):
        return [place for item in value for place in places(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if "uri" in value else []
    return own + [place for item in value.values() for place in places(item)]


@pytest.mark.parametrize(
    ("place", "value"),
    [("/runs/0/colour", "red"), ("/runs/0/columnKind", "bytes"), ("/version", "2.0.0")],
)
def test_the_standard_refuses_what_it_should(place: str, value: str) -> None:
    log = json.loads(sarif.render([]))
    VALIDATOR.validate(log)
    target = log["runs"][0] if place.startswith("/runs") else log
    target[place.rpartition("/")[2]] = value
    assert not VALIDATOR.is_valid(log)


SPEC = Source("dir/a b.cosmos", "let x = 1\nlet ü = 2\n")


def result_of(item: Diagnostic, silenced: str | None = None) -> dict[str, object]:
    told = [] if silenced is not None else [item]
    quiet = [] if silenced is None else [Silenced(item, silenced)]
    (result,) = json.loads(sarif.render(told, quiet))["runs"][0]["results"]
    return dict(result)


def test_places_are_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def place(name: str) -> tuple[str, str | None]:
        span = Span(Source(name, "x"), 0, 1)
        found = result_of(Diagnostic(code="E0102", title="t", labels=(Label(span),)))
        (place,) = places(found)
        return unquote(place["uri"]), place.get("uriBaseId")

    assert place("dir/a b.cosmos") == ("dir/a b.cosmos", "%SRCROOT%")
    assert place((tmp_path / "ü.cosmos").as_posix()) == ("ü.cosmos", "%SRCROOT%")
    assert place("std/hardware.cosmos") == ("hardware.cosmos", "STDLIB")
    assert place("./std/hardware.cosmos") == ("std/hardware.cosmos", "%SRCROOT%")
    assert place("/elsewhere/x.cosmos") == ("file:///elsewhere/x.cosmos", None)


def test_what_stands_in_no_file_has_a_logical_place() -> None:
    span = Span(Source("--set floor", "param floor = x\n"), 14, 15)
    found = result_of(
        Diagnostic(code="E0302", title="wrong type", labels=(Label(span),), fix=Fix(span, "1%"))
    )
    assert found["locations"] == [
        {"logicalLocations": [{"name": "--set floor", "kind": "parameter"}]}
    ]
    assert "fixes" not in found


def test_a_silenced_warning_carries_its_reason() -> None:
    item = Diagnostic(code="W0215", title="never used", labels=(Label(Span(SPEC, 4, 5)),))
    assert result_of(item, "kept for the nightly job")["suppressions"] == [
        {"kind": "inSource", "justification": "kept for the nightly job"}
    ]
    assert result_of(item, "")["suppressions"] == [{"kind": "inSource"}]


def test_columns_count_characters() -> None:
    item = Diagnostic(code="W0215", title="never used", labels=(Label(Span(SPEC, 14, 15)),))
    place = json.loads(json.dumps(result_of(item)["locations"]))[0]["physicalLocation"]
    assert place["region"] == {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 6}
