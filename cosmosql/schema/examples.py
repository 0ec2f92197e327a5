"""A declaration of each kind; together they are one spec without mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from types import MappingProxyType

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        kind: dedent(text).lstrip("\n")
        for kind, text in {
            "dataset": """
                dataset rows using jsonl {
                  source = "data/tickets.jsonl"
                  group = customer

                  roles {
                    validation = 300 examples
                    test = 20%
                  }
                }
            """,
            "task": """
                task tickets using classify {
                  data = dataset.rows
                  input = "Ticket: {subject}\\n{text}"
                  target = queue
                  metric = macro_f1
                }
            """,
            "model": """
                model mine using hf {
                  id = "models/my-llama"
                }
            """,
            "retriever": """
                retriever nearest using bm25 {
                  corpus = dataset.rows
                }
            """,
            "strategy": """
                strategy retrieved using icl {
                  model = model.mine
                  retriever = retriever.nearest
                  shots = sweep(1, 2, 4, 8)
                  on = hardware.rented
                }

                strategy tuned using lora {
                  model = model.mine
                  rank = sweep(8, 16)
                  share = sweep(50%, 100%)
                  on = hardware.rented
                }
            """,
            "policy": """
                policy tiers using auto {
                  over = [strategy.retrieved, strategy.tuned]
                }
            """,
            "probe": """
                probe ladder {
                  sizes = [64, 128, 256]
                  shots = [1, 2, 4]
                  rows = 200 examples
                }
            """,
            "budget": """
                budget launch {
                  probing {
                    money = 3 USD
                    wall = 40 min
                  }

                  adaptation {
                    money = 40 USD
                  }

                  serving {
                    money = 0.004 USD/request
                  }
                }
            """,
            "query": """
                query pick {
                  for task.tickets
                  among strategy.*, policy.tiers
                  measure with probe.ladder within budget.launch
                  maximize macro_f1
                  require macro_f1 >= 82% with confidence 90%
                  decide within 1 pp with confidence 90%
                }
            """,
            "price": """
                price endpoint {
                  input = 0.15 USD/Mtok
                  output = 0.60 USD/Mtok
                  source = "the provider's price list"
                  as_of = "2026-01-31"
                }
            """,
            "hardware": """
                hardware rented {
                  memory = 24 GiB
                  bandwidth = 300 GB/s
                  peak_flops = 121 TFLOP/s
                  price = 0.80 USD/GPU-hour
                  source = "the provider's price list"
                  as_of = "2026-01-31"
                }
            """,
        }.items()
    }
)
"""Kind to declarations of it, in canonical form."""
