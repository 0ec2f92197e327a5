"""The language server: an editor's buffers in; findings, hovers, completions, edits out.

Every capability is a file of pure functions from an analysis to plain values with offsets; `server`
alone speaks the protocol. Nothing is measured, written or executed, and nothing is read that
`cosmosql check` would not read.
"""
