"""Hears music and shows the step rates at which you can jog to it."""

__version__ = "0.1.0"
