"""Quantities: a Decimal with a dimension. Money is never a float, and nothing converts silently."""
