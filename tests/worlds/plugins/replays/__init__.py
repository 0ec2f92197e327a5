"""Probing replayed: problems of which every answer is known, and ways to choose what to ask."""
