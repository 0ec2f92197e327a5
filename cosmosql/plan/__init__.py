"""What will be done: candidates, measurements and the typed graph of steps between them.

Comes in: a `Program`, one of its queries and the loaded data. Goes out: a `PlanGraph`, static and
printable. The only package that imports networkx.
"""
