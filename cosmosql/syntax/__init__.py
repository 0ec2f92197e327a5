"""Text in, tree out: grammar, tokens, recovery. The only package that imports lark.

The tree is the text's shape with spans; it knows no kind, no attribute and no unit's meaning.
"""
