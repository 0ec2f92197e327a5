"""What was measured: observations, the ledger that keeps them, and the meter that pays for them.

The ledger (`.cosmosql/ledger.sqlite`) is the only memory; an observation is durable the moment it
exists. The evidence file (`NAME.evidence.jsonl.gz`) is its portable, text-free extract.
"""
