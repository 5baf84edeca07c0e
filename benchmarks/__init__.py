"""Measure the cost of the live path, next to other programs."""
