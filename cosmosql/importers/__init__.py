"""Other tools' configurations to specs: a file → a draft that says what it could not carry over.

One module a tool; `read.TOOLS` lists them. Knows the language's text and nothing of its meaning.
"""
