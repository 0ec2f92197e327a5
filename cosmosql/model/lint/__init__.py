"""What is legal in a spec and unwise: W-codes, each a pure function, each silenced with a reason.

Comes in: a bound program without errors and, for some, its rows. Goes out: warnings. A lint is
certain of what it says; where it cannot be, it says nothing.
"""
