"""`check`: warnings, silencing, fixes, and what each says in its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from cosmosql.cli.check import command
from cosmosql.diagnostics.diagnostic import InputError

SPEC = """\
import std.tiny as tiny

hardware rack {
  price = 1 USD/GPU-hour
  source = "ours"
  as_of = "2026-01-01"
}

strategy few using icl {
  model = tiny.small
  shots = 4
  on = rack
}

query pick {
  for tiny.task.intent
  among strategy.*
  maximize accuracy
}
"""
LATE, EARLY = ("--today", "2026-07-01"), ("--today", "2026-02-01")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("spec.cosmos")
    path.write_text(SPEC, encoding="utf-8")
    return path


def check(*arguments: str) -> Result:
    """The command as a shell calls it; its exit code is the value that it returns."""
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if isinstance(result.exception, InputError):
        raise result.exception
    return result


def code(*arguments: str) -> int:
    return int(check(*arguments).return_value)


def test_warnings_fail_only_where_that_is_asked(spec: Path) -> None:
    told = check("spec.cosmos", *LATE)
    assert int(told.return_value) == 0
    assert "warning[W0603]" in told.stderr
    assert told.stderr.endswith("spec.cosmos: no errors, 1 warning\n")
    assert code("spec.cosmos", "--strict", *LATE) == 1
    assert code("spec.cosmos", "--strict", *EARLY) == 0


def test_every_spec_of_a_directory_is_checked(spec: Path) -> None:
    nested = Path("nested", "wrong.cosmos")
    nested.parent.mkdir()
    nested.write_text("let a =\n", encoding="utf-8")
    Path(".hidden.cosmos").write_text("let b =\n", encoding="utf-8")
    Path("link.cosmos").symlink_to(nested)
    result = check("--format", "json", *EARLY, ".")
    found = json.loads(result.stdout)["diagnostics"]
    assert [item["labels"][0]["file"] for item in found] == ["nested/wrong.cosmos"]
    Path("empty").mkdir()
    assert "no .cosmos file there" in check("empty").stderr


def test_a_reason_ends_it(spec: Path) -> None:
    spec.write_text(SPEC.replace("hardware", "# allow W0603: until June\nhardware"), "utf-8")
    told = check("spec.cosmos", "--strict", "-v", *LATE)
    assert int(told.return_value) == 0
    assert "silenced: 1 warning" in told.stderr
    assert check("spec.cosmos", "--strict", *LATE).stderr == "spec.cosmos: no errors\n"
    document = json.loads(check("spec.cosmos", "--format", "json", *LATE).stdout)
    assert (document["warnings"], document["diagnostics"]) == (0, [])
    assert [(one["code"], one["reason"]) for one in document["silenced"]] == [
        ("W0603", "until June")
    ]
    log = json.loads(check("spec.cosmos", "--format", "sarif", *LATE).stdout)
    (result,) = log["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "until June"}]
    assert check("spec.cosmos", "--format", "github", *LATE).stdout == ""


def test_what_json_carries_is_described(spec: Path) -> None:
    schema = Path(__file__).parents[2] / "docs" / "schema" / "diagnostics.schema.json"
    spec.write_text(SPEC.replace("shots", "shts"), encoding="utf-8")
    for days in (LATE, EARLY):
        document = json.loads(check("spec.cosmos", "--format", "json", *days).stdout)
        jsonschema.validate(document, json.loads(schema.read_text(encoding="utf-8")))
        spec.write_text(SPEC.replace("hardware", "# allow W0603: why\nhardware"), "utf-8")


def test_fixes_are_shown_then_written(spec: Path) -> None:
    slip = SPEC.replace("shots", "shts").replace("accuracy", "acuracy")
    spec.write_text(slip, encoding="utf-8")
    shown = check("spec.cosmos", "--fix", "--diff", *EARLY)
    assert int(shown.return_value) == 1
    assert "-  shts = 4\n+  shots = 4\n" in shown.stdout
    assert spec.read_text(encoding="utf-8") == slip
    written = check("spec.cosmos", "--fix", *EARLY)
    assert int(written.return_value) == 0
    assert "fixed spec.cosmos:11:3: E0203: `shts` is now `shots`\n" in written.stderr
    assert spec.read_text(encoding="utf-8") == SPEC
    again = check("spec.cosmos", "--fix", *EARLY)
    assert again.stderr == "spec.cosmos: no errors\n"


def test_what_cannot_be_fixed_is_told(spec: Path) -> None:
    spec.write_text(SPEC.replace("shots = 4", "shts = 4\n  qwertz = 1"), encoding="utf-8")
    left = check("spec.cosmos", "--fix", *EARLY)
    assert int(left.return_value) == 1
    assert "`shts` is now `shots`" in left.stderr and "qwertz" in left.stderr


def test_a_file_that_may_not_be_written_is_left(spec: Path) -> None:
    spec.write_text(SPEC.replace("shots", "shts"), encoding="utf-8")
    spec.chmod(0o444)
    other = spec.with_name("other.cosmos")
    other.write_bytes(spec.read_bytes())
    left = check("spec.cosmos", "other.cosmos", "--fix", *EARLY)
    assert int(left.return_value) == 1
    assert "E0111" in left.stderr and "shts" in left.stderr  # what stands in it is told as well
    assert "shts" in spec.read_text(encoding="utf-8")
    assert "shots" in other.read_text(encoding="utf-8")


def test_options_that_contradict_each_other(spec: Path) -> None:
    assert "give both" in str(check("spec.cosmos", "--diff").exception)
    both = check("spec.cosmos", "--fix", "--diff", "--format", "json")
    assert "give one" in str(both.exception)
    assert "2026-13-01" in str(check("spec.cosmos", "--today", "2026-13-01").exception)


@pytest.mark.parametrize(
    ("arguments", "told_code"),
    [(("gone.cosmos",), "E0109"), (("std/spec.cosmos", "--set", "nothing=1"), "E0201")],
)
def test_code_scanning_has_a_file_for_what_stands_in_none(
    spec: Path, arguments: tuple[str, ...], told_code: str
) -> None:
    Path("std").mkdir()
    spec.rename("std/spec.cosmos")
    told = check(*arguments, "--format", "sarif", *EARLY)
    (result,) = json.loads(told.stdout)["runs"][0]["results"]
    assert result["ruleId"] == told_code
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": arguments[0], "uriBaseId": "%SRCROOT%"}
    line = check(*arguments, "--format", "github", *EARLY).stdout
    assert line.startswith(f"::error file={arguments[0]},line=1,")
    assert "-->" not in check("gone.cosmos").stderr


def test_a_directory_named_std_is_no_standard_library(spec: Path) -> None:
    Path("std").mkdir()
    spec.rename("std/spec.cosmos")
    told = check("std/spec.cosmos", "--format", "json", *LATE).stdout
    (item,) = json.loads(told)["diagnostics"]
    label = item["labels"][0]
    assert (item["code"], label["file"], label["line"]) == ("W0603", "./std/spec.cosmos", 3)
