from __future__ import annotations

from pathlib import Path

from cosmosql.apply.execute import ruled
from cosmosql.model.bind import bind
from cosmosql.plan.expand import expand

SPEC = """
import std.hardware as hw
import std.tiny as tiny

strategy small using prompt {
  model = tiny.small
  on = hw.cpu
}

strategy big using prompt {
  model = tiny.large
  on = hw.cpu
}

policy by_hand using cascade {
  stages = [strategy.small, strategy.big]
  escalate to strategy.big when margin < 1.5
}

policy found using cascade {
  stages = [strategy.small, strategy.big]
}

query pick {
  for tiny.task.desk
  among policy.by_hand, policy.found
  measure within 1 USD
  maximize accuracy
}
"""


def test_a_threshold_written_by_hand_is_not_calibrated(tmp_path: Path) -> None:
    spec = tmp_path / "tiers.cosmos"
    spec.write_text(SPEC, encoding="utf-8")
    program, findings = bind(spec)
    assert program is not None and not findings
    small, big = expand(program, program.queries["query.pick"])
    of_both = "[cascade: strategy.small > strategy.big]"
    assert ruled(program, f"policy.by_hand{of_both}", [small, big])
    assert not ruled(program, f"policy.found{of_both}", [small, big])
    assert not ruled(program, "strategy.big", [big])
    assert not ruled(program, f"policy.by_hand{of_both}", [small])
