"""The transformers engine behind `model … using hf`.

`factory` makes a `backend` from a `checkpoint`; the verbs are one module each (`scoring`,
`generation`, `embedding`, `training`, `profiling`) over `forward`, the forward passes with their
key-value caches, and `tokens`, the boundary between prompts and answers.
"""
