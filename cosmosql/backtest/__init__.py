"""A spec's path → forecasts held against the truth: every candidate run in full, and scored.

With `apply` the only reader of test rows, and nothing read here reaches a forecast: the line is
drawn from probes first, and only then is anything in full measured.
"""
