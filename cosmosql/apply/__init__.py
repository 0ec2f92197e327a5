"""Executing a plan on the full data, and answering rows with the bundle that it leaves."""
