"""Probes the fake world round by round in the directory given, and writes its evidence file and
what was probed when."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import cosmosql_fakes

from cosmosql.evidence import file
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.store import Recorded
from cosmosql.plan.build import build
from cosmosql.predict.facts import Facts
from cosmosql.probes.bench import LiveBench
from cosmosql.probes.choices import Remembered
from cosmosql.probes.lower import lower, pair
from cosmosql.probes.quote import rounds
from cosmosql.probes.round import carry_out
from cosmosql.probes.rounds import Ended, Round, explore
from cosmosql.probes.runtime import Runtime

QUESTION = {"seed": 0}


class Cheapest:
    """Takes the cheapest probe until none fits."""

    def __init__(self, *arguments: object) -> None: ...

    def choose(self, measured, costs):
        if not costs:
            return Ended.CAP_REACHED
        node = min(costs, key=lambda id: (costs[id], id))
        return Round(node=node, worth=None, error=None, cost=costs[node], unit="USD")


def probe(root: Path, *, money: str = "10 USD", chooser):
    """The exploration and its choices; `chooser` (graph, facts, unit) makes the policy of
    probing."""
    program, query, data = cosmosql_fakes.world(root, probing={"money": money}, order="adaptive")
    graph = build(program, query, data)
    with Ledger.open(root) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        first, menu = rounds(graph, runs)
        observations = carry_out(first, graph, ledger, runtime, None, menu)
        bench = LiveBench(graph, runs, ledger, runtime)
        known = Recorded(one for one in ledger.all() if one.kind == "choice")
        facts = facts_of(program, data, runtime)
        policy = chooser(graph, facts, bench.unit)
        remembered = Remembered(QUESTION, known, policy, ledger.add)
        found = explore(graph, pair(runs, observations), bench, remembered)
    return found, tuple(remembered.used)


def facts_of(program, data, runtime):
    from cosmosql.data.rows import Role

    rows = data["dataset.rows"].rows
    labels = [row.values["label"] for row in rows[Role.TRAIN]]
    return Facts(
        pools={"dataset.rows": len(labels)},
        n_test=len(rows[Role.TEST]),
        label_counts=tuple(labels.count(label) for label in cosmosql_fakes.LABELS),
        cards={model: runtime.card(model) for model in program.models},
    )


def main(root: Path) -> None:
    found, choices = probe(root, chooser=Cheapest)
    observations = [one.observation for one in found.measured]
    once = {one.key: one for one in (*observations, *choices)}
    file.write(root / "fake.evidence.jsonl.gz", once.values())
    story = {"ended": found.ended, "rounds": [asdict(one) for one in found.rounds]}
    (root / "story.json").write_text(json.dumps(story), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
