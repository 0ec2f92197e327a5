"""Implementations of the contracts, loaded by name and imported by nobody."""
