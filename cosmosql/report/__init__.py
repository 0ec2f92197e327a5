"""The plan as a page: view words it, figure draws it, render places it with Jinja.

Templates do no arithmetic; the plan document is all that is read.
"""
