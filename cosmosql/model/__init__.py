"""From trees to a Program: modules, scopes, evaluation, binding to the schema, static checks.

Comes in: the path of a spec. Goes out: a `Program` in which every name is resolved, every value
has its type and unit, every `extends` is applied and every sweep is a tuple of alternatives; or
diagnostics, all of them. Knows nothing of torch, probes or prices on any machine.
"""
