"""The page and the tables of a backtest: whole, safe, the same again, and readable with gaps."""

from __future__ import annotations

import html
import re

import pytest

from cosmosql.artifact.backtest import (
    BacktestCandidate,
    BacktestCurve,
    BacktestDocument,
    CalibrationPoint,
    CappedChoice,
    CurveProbe,
    CurveTarget,
    Interval,
    MethodScores,
    Regret,
    RuleRegret,
    TruthNoise,
)
from cosmosql.cli.backtest_tables import backtest_tables
from cosmosql.cli.console import plain_console
from cosmosql.report.backtest import backtest_view
from cosmosql.report.backtest_figures import MOST_PANELS, omitted
from cosmosql.report.render import render_backtest
from tests.report.test_render import HOSTILE, parsed

SPAN = Interval(low=1.2, high=3.4)


def candidate(index: int, measured: float | None) -> BacktestCandidate:
    value = 0.5 + index / 100
    return BacktestCandidate(
        name=f"strategy.tuned[rank={index}]",
        kind="lora",
        method="lora",
        basis="predicted",
        predicted=value,
        low=value - 0.05,
        high=value + 0.05,
        measured=measured,
        standard_error=None if measured is None else 0.01,
        runs=() if measured is None else (measured,) * 3,
        reason="too long" if measured is None else None,
    )


def curve(index: int) -> BacktestCurve:
    return BacktestCurve(
        name=f"strategy.tuned[rank={index}]",
        method="lora",
        axis="examples",
        probes=(CurveProbe(at=16, measured=0.4, low=0.35, high=0.45, rows=200),),
        targets=(
            CurveTarget(
                at=512,
                name=f"strategy.tuned[rank={index}]",
                basis="predicted",
                predicted=0.6,
                low=0.5,
                high=0.7,
                measured=0.65,
            ),
        ),
    )


@pytest.fixture
def document() -> BacktestDocument:
    rule = RuleRegret(
        rule="this forecast",
        chosen=("strategy.tuned[rank=1]",),
        regret_points=0.5,
        interval=SPAN,
    )
    random = rule.model_copy(
        update={"rule": "random", "chosen": ("a", "b"), "more": Interval(low=-1, high=2)}
    )
    return BacktestDocument(
        mae_points=2.13,
        kendall_tau=0.61,
        regret_points=0.5,
        coverage={"50": 0.5, "80": 0.75, "90": 1.0},
        cost_saved=0.951,
        intervals={"mae_points": SPAN, "coverage.90": Interval(low=0.8, high=1)},
        bias_points=-0.4,
        runs_covered={"50": 0.4, "80": 0.7, "90": 0.9},
        candidates=(candidate(1, 0.52), candidate(2, 0.9), candidate(3, None)),
        spec="task.cosmos",
        query="pick",
        plan="0" * 64,
        metric="accuracy",
        objective="maximize accuracy",
        status="decided",
        truth=TruthNoise(
            rows=2000,
            seeds=3,
            standard_error_points=1.1,
            floor_points=0.9,
            runs_differ_points=1.6,
        ),
        regret=Regret(
            value=0.5,
            low=0.1,
            high=0.9,
            unit="points",
            best="strategy.tuned[rank=2]",
            chosen="strategy.tuned[rank=1]",
        ),
        methods={
            "lora": MethodScores(
                mae_points=2.13,
                kendall_tau=None,
                regret_points=None,
                coverage={"50": 0.5, "80": 0.75, "90": 1.0},
                cost_saved=0.951,
                candidates=3,
                predicted=2,
            )
        },
        budgets=(
            CappedChoice(
                cap_flops=1.2e12,
                feasible=2,
                candidates=3,
                best="strategy.tuned[rank=1]",
                best_fits=False,
                rules=(rule, random),
            ),
        ),
        calibration=(CalibrationPoint(level=0.9, covered=1.0, interval=None),),
        curves=(curve(1),),
        probing_flops=1e9,
        exhaustive_flops=2e10,
    )


def told(document: BacktestDocument, *, width: int = 160, brief: bool = False) -> str:
    console = plain_console(width)
    with console.capture() as caught:
        for item in backtest_tables(backtest_view(document), width=width, brief=brief):
            console.print(item)
    return caught.get()


def test_the_page_is_whole_and_asks_for_nothing(document: BacktestDocument) -> None:
    page = render_backtest(document)
    tags = parsed(page)
    assert not tags.tags & {"script", "img", "iframe", "object", "link", "form"}
    assert all(link.startswith("#") for link in tags.links)
    assert len(tags.ids) == len(set(tags.ids))
    assert "default-src 'none'" in page
    assert not re.search(r"url\((?!#)", page)
    assert not re.search(r"@import|https?://(?!www\.w3\.org/)", page)
    assert render_backtest(document) == page


def test_a_hostile_backtest_is_text(document: BacktestDocument) -> None:
    names = [one.model_copy(update={"name": HOSTILE}) for one in document.candidates]
    reason = names[2].model_copy(update={"reason": HOSTILE, "method": HOSTILE})
    hostile = document.model_copy(
        update={
            "candidates": (*names[:2], reason),
            "spec": HOSTILE,
            "query": HOSTILE,
            "metric": HOSTILE,
            "regret": document.regret.model_copy(update={"chosen": HOSTILE}),
            "curves": (document.curves[0].model_copy(update={"name": HOSTILE}),),
            "methods": {HOSTILE: document.methods["lora"]},
        }
    )
    clean, tags = parsed(render_backtest(document)), parsed(render_backtest(hostile))
    assert tags.tags <= clean.tags
    assert tags.attributes <= clean.attributes
    assert "\x1b" not in told(hostile.model_copy(update={"spec": "\x1b[31m"}))


def test_page_and_terminal_say_the_same(document: BacktestDocument) -> None:
    page = html.unescape(re.sub(r"<[^>]+>", "", render_backtest(document).replace("<wbr>", "")))
    text = told(document)
    for words in (
        "Forecasts erred by 2.1 points",
        "2 of 3 candidates were predicted",
        "1 could not be run in full",
        "gives up 0.5 points to the truly best, strategy.tuned[rank=2]",
        "Two real runs with other seeds differ by 1.6 points",
        "95.1 %",
        "any of 2",
    ):
        assert words in page
    for words in ("2.1", "[1.2, 3.4]", "95.1 %", "too long", "-0.4", "≤ 1.20 × 10¹² FLOP"):
        assert words in page and words in text
    assert "strategy.tuned[rank=3]" in text and "strategy.tuned[rank=3]" in page


def test_gaps_are_words_and_never_numbers(document: BacktestDocument) -> None:
    nothing: dict[str, float | None] = {"50": None, "80": None, "90": None}
    empty = document.model_copy(
        update={
            "mae_points": None,
            "kendall_tau": None,
            "regret_points": None,
            "coverage": nothing,
            "runs_covered": nothing,
            "cost_saved": None,
            "intervals": {},
            "methods": {
                "lora": document.methods["lora"].model_copy(
                    update={"predicted": 0, "mae_points": None, "coverage": nothing}
                )
            },
            "budgets": (),
            "calibration": (),
            "curves": (),
            "regret": Regret(value=None, unit="points", reason="nothing was chosen"),
            "status": "infeasible",
            "truth": TruthNoise(
                rows=20,
                seeds=3,
                standard_error_points=None,
                floor_points=None,
                runs_differ_points=None,
            ),
        }
    )
    page, text = render_backtest(empty), told(empty)
    for shown in (page, text):
        assert "Nothing was predicted" in shown
        assert "nothing was chosen" in shown
        assert "None" not in shown and "nan" not in shown
    parsed(page)


def test_a_narrow_terminal_leaves_the_intervals_out(document: BacktestDocument) -> None:
    assert "[1.2, 3.4]" not in told(document.model_copy(update={"budgets": ()}), width=80)
    assert "strategy.tuned[rank=3]" not in told(document, brief=True)


def test_what_no_picture_has_room_for_is_told(document: BacktestDocument) -> None:
    curves = tuple(curve(index) for index in range(MOST_PANELS + 2))
    assert omitted(document) == ""
    many = document.model_copy(update={"curves": curves})
    assert omitted(many) == " 2 curves more stand in the document alone."
