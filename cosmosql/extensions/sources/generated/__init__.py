"""Generated text: a lexicon, a grammar over it, and tasks whose answers are known exactly.

Nothing here needs torch or numpy, so that a spec over generated rows can be checked anywhere.
"""
