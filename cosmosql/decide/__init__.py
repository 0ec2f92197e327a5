"""Forecasts in, a decision out: requirements on intervals, policies, choice, and the reasons."""
