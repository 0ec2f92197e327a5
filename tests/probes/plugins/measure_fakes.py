"""Runs the fake world's first round in the directory given, and writes its evidence file."""

from __future__ import annotations

import sys
from pathlib import Path

import cosmosql_fakes

from cosmosql.evidence import file
from cosmosql.evidence.ledger import Ledger
from cosmosql.plan.build import build
from cosmosql.probes.lower import lower
from cosmosql.probes.quote import check_fits, open_meter, quote_runs, scope_of
from cosmosql.probes.run import execute
from cosmosql.probes.runtime import Runtime


def main(root: Path) -> None:
    program, query, data = cosmosql_fakes.world(root, probing={"money": "10 USD"})
    graph = build(program, query, data)
    with Ledger.open(root) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        quoted = quote_runs(runs, graph, ledger, runtime, ledger)
        check_fits(quoted, query)
        observations = execute(
            runs, runtime, ledger, open_meter(quoted), scope=scope_of(program, query)
        )
    file.write(root / "fake.evidence.jsonl.gz", observations)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
