"""Diagnostics as text, JSON, SARIF and GitHub annotations: one module a format."""
