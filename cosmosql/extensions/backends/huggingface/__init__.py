"""The transformers engine behind `model … using hf`.

`factory` makes a `backend` (`loading`) or a `card` from a `checkpoint` and its `configuration`, or
a `plain` card where transformers is not installed; the verbs are one module each (`scoring`,
`generation`, `embedding`, `training`, `profiling`) over `forward`, the forward passes with their
key-value caches, and `tokens`, the boundary between prompts and answers.
"""
