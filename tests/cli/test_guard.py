"""How a command ends: each way has its code and its words."""

from __future__ import annotations

import sqlite3

import click
import pytest

from cosmosql.cli.guard import TRACEBACK, guarded
from cosmosql.cli.options import settings_of
from cosmosql.contracts.backend import ContextOverflow
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError


def ends(error: BaseException | None, answer: int | None = None) -> int:
    def command() -> int | None:
        if error is not None:
            raise error
        return answer

    with pytest.raises(click.exceptions.Exit) as caught:
        guarded(command)()
    return int(caught.value.exit_code)


class MeasuringError(Exception):
    exit_code = 4


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (3, 3), (5, 5)])
def test_the_answer_is_the_code(answer: int | None, code: int) -> None:
    assert ends(None, answer) == code


def test_wrong_input_prints_its_diagnostics(capsys: pytest.CaptureFixture[str]) -> None:
    item = Diagnostic(code="E0803", title="this is not a plan", help="give a plan")
    assert ends(InputError([item])) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error[E0803]: this is not a plan" in captured.err


def test_a_failed_run_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(MeasuringError("the model gave no finite number")) == 4
    assert capsys.readouterr().err == "error: the model gave no finite number\n"


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory"),
        ContextOverflow(tokens=2, context=1),
        OSError(28, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_what_the_machine_refuses_is_a_failed_run(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(error) == 4
    assert "what was measured is kept" in capsys.readouterr().err


def test_a_bug_is_short_until_the_traceback_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRACEBACK, raising=False)
    assert ends(ZeroDivisionError("division\nby zero")) == 70
    short = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in short
    assert f"set {TRACEBACK}=1" in short
    assert "Traceback" not in short
    monkeypatch.setenv(TRACEBACK, "1")
    assert ends(ZeroDivisionError()) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(KeyboardInterrupt()) == 130
    assert "resumable" in capsys.readouterr().err


def test_an_interrupt_that_a_library_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    wrapped = RuntimeError("callback failed")
    wrapped.__context__ = KeyboardInterrupt()
    assert ends(wrapped) == 130
    assert "resumable" in capsys.readouterr().err


def test_settings() -> None:
    assert settings_of(["floor=80%", " rows = 3 = 4"]) == {"floor": "80%", "rows": "3 = 4"}
    assert settings_of([]) == {}
    with pytest.raises(click.BadParameter):
        settings_of(["=1"])
