"""Colours for editors and pages: the words of grammar and schema come in, a TextMate grammar and a
Pygments lexer go out. Neither resolves a name; what a text means is the language server's to say.
"""
