"""Rows: loading through sources, content identity, disjoint roles, templates over columns."""
