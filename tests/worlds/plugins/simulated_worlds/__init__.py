"""Planning problems whose learning curves are known, for tests and benchmarks.

Each is a spec with its rows, and models (`using simulated`) that answer as the curves say: what
runs on it is the real pipeline, from the text of the spec to the plan.
"""
